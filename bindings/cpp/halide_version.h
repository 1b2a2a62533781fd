#pragma once
// Where the supported versions of Halide differ. Nothing else in the shim depends on the version.
#include <Halide.h>

/// Streams that end in a user error, and in a warning.
#if HALIDE_VERSION_MAJOR >= 21
#define HS_USER_ERROR _halide_user_error
#define HS_USER_WARNING _halide_user_warning
#else
#define HS_USER_ERROR \
    Halide::Internal::ErrorReport(__FILE__, __LINE__, nullptr, Halide::Internal::ErrorReport::User)
#define HS_USER_WARNING                                       \
    Halide::Internal::ErrorReport(__FILE__, __LINE__, nullptr, \
                                  Halide::Internal::ErrorReport::User | Halide::Internal::ErrorReport::Warning)
#endif
