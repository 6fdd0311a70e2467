// For kernels of our own: an image, and which vectors they may use.

namespace conus {

struct Image {  // NHWC in memory; one of a batch
  long long height, width, channels;
};

// What is for AVX-512, or for AVX2: the widest vectors that this processor has and that oneDNN may
// use (ONEDNN_MAX_CPU_ISA). Null if there is neither.
template <typename T>
const T* widest(const T* wide, const T* narrow) {
  static const dnnl_cpu_isa_t allowed = dnnl_get_effective_cpu_isa();
  const auto may = [&](dnnl_cpu_isa_t isa) { return (allowed & isa) == isa; };
  if (!__builtin_cpu_supports("fma")) return nullptr;
  return may(dnnl_cpu_isa_avx512_core) ? wide : may(dnnl_cpu_isa_avx2) ? narrow : nullptr;
}

}  // namespace conus
