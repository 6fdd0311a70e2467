// Which of oneDNN's kernels computes a convolution.
//
// oneDNN offers several, in its own order. For AVX2 it puts its newest ones (named "brg...") first;
// for kernels of one pixel an older one took 4 to 30 % less time in all layers of a ResNet50 but
// three of the last stage's gradients, and for the gradient by a photograph's three channels a
// matrix product took half of the time.

namespace conus {

inline std::string kernel_name(dnnl_primitive_desc_t choice) {
  const char* name = nullptr;
  check(dnnl_primitive_desc_query(choice, dnnl_query_impl_info_str, 0, &name), "naming a kernel");
  return name;
}

inline bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

// Mends oneDNN's choice for AVX2; on processors with AVX-512 its own order is right. `choose` asks
// oneDNN: a copy of its answer would not know the offers behind it. What it was asked with, a hint
// above all, must outlive the search.
template <typename Choose>
Choice mended(Choose choose, bool one_pixel, bool gradient_by_photograph) {
  Choice choice = choose();
  const std::string name = kernel_name(choice);
  const char* better = one_pixel ? "jit_1x1:avx2" : gradient_by_photograph ? "x64:gemm" : nullptr;
  if (!better || !begins(name, "brg") || name.find("avx2") == std::string::npos) return choice;
  while (dnnl_primitive_desc_next_impl(choice) == dnnl_success)
    if (begins(kernel_name(choice), better)) return choice;
  return choose();
}

}  // namespace conus
