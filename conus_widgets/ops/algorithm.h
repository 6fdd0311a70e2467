// An algorithm of our own for a convolution, or for its gradient by the input.

namespace conus {

// Null: this processor has no vectors for such numbers, or oneDNN may not use them.
template <typename Number>
const Tiling<Number>* tiling();

template <>
inline const Tiling<float>* tiling() {
  static const Tiling<float> wide = avx512::tiling(), narrow = avx2::tiling();
  return widest(&wide, &narrow);
}

#ifdef CONUS_BFLOAT16
template <>
inline const Tiling<npy_uint16>* tiling() {
  static const Tiling<npy_uint16> words = avx512_bf16::tiling();
  // With AMX, oneDNN multiplies many times as many at once: there its kernels are faster.
  const bool best =
      may_use(dnnl_cpu_isa_avx512_core_bf16) && !may_use(dnnl_cpu_isa_avx512_core_amx);
  return best ? &words : nullptr;
}
#endif

template <typename Number>
class Algorithm {
 public:
  using Order = std::array<long long, 8>;

  virtual ~Algorithm() = default;
  virtual Order order() const = 0;        // weights of equal order lie alike
  virtual long long weights() const = 0;  // how many, when they are transformed
  virtual void transform(const float* plain, Number* to) const = 0;
  virtual void run(const Number* x, const Number* transformed, const Finish<Number>& finish,
                   Number* y) const = 0;
};

// The order of an algorithm's weights: see `Packed`.
template <typename Number>
struct Transformed {
  class Numbers {
   public:
    explicit Numbers(long long count) : block_(Heaps::used()->weights, count * sizeof(Number)) {}
    Number* data() const { return static_cast<Number*>(block_.data()); }

   private:
    const Block block_;
  };
  std::shared_ptr<const Algorithm<Number>> by;

  bool operator==(const Transformed& other) const { return by->order() == other.by->order(); }
  std::shared_ptr<Numbers> make(const float* plain) const {
    auto made = std::make_shared<Numbers>(by->weights());
    by->transform(plain, made->data());
    return made;
  }
};

}  // namespace conus
