// An algorithm of our own for a convolution, or for its gradient by the input.

namespace conus {

inline const Tiling* tiling() {
  static const Tiling wide = avx512::tiling(), narrow = avx2::tiling();
  return widest(&wide, &narrow);
}

class Algorithm {
 public:
  using Order = std::array<long long, 8>;

  virtual ~Algorithm() = default;
  virtual Order order() const = 0;        // weights of equal order lie alike
  virtual long long weights() const = 0;  // how many, when they are transformed
  virtual void transform(const float* plain, float* to) const = 0;
  virtual void run(const float* x, const float* transformed, const Finish& finish,
                   float* y) const = 0;
};

// The order of an algorithm's weights: see `Packed`.
struct Transformed {
  class Numbers {
   public:
    explicit Numbers(long long count) : block_(Heaps::used()->weights, count * sizeof(float)) {}
    float* data() const { return static_cast<float*>(block_.data()); }

   private:
    const Block block_;
  };
  std::shared_ptr<const Algorithm> by;

  bool operator==(const Transformed& other) const { return by->order() == other.by->order(); }
  std::shared_ptr<Numbers> make(const float* plain) const {
    auto made = std::make_shared<Numbers>(by->weights());
    by->transform(plain, made->data());
    return made;
  }
};

}  // namespace conus
