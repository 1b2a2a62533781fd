// A libHalide of no version that there is.
namespace Halide {
int answer() {
    return 42;
}
}  // namespace Halide
