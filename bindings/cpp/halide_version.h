#pragma once
// Where the supported versions of Halide differ. Nothing else in the shim depends on the version.
#include <Halide.h>

/// A stream that ends in a user error.
#if HALIDE_VERSION_MAJOR >= 21
#define HS_USER_ERROR _halide_user_error
#else
#define HS_USER_ERROR \
    Halide::Internal::ErrorReport(__FILE__, __LINE__, nullptr, Halide::Internal::ErrorReport::User)
#endif
