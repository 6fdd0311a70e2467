// For kernels of our own: an image, and which vectors they may use.

namespace conus {

struct Image {  // NHWC in memory; one of a batch
  long long height, width, channels;
};

// Whether this processor has these instructions, and oneDNN may use them (ONEDNN_MAX_CPU_ISA).
inline bool may_use(dnnl_cpu_isa_t instructions) {
  static const dnnl_cpu_isa_t allowed = dnnl_get_effective_cpu_isa();
  return (allowed & instructions) == instructions;
}

// What is for AVX-512, or for AVX2: the widest vectors that may be used. Null if there is neither.
template <typename T>
const T* widest(const T* wide, const T* narrow) {
  if (!__builtin_cpu_supports("fma")) return nullptr;
  return may_use(dnnl_cpu_isa_avx512_core) ? wide : may_use(dnnl_cpu_isa_avx2) ? narrow : nullptr;
}

}  // namespace conus
