// Convolutions of one pixel: a product of matrices, (cells, channels) @ (channels, filters).
//
// The gradient by the input is the same with channels and filters exchanged. What follows the
// convolution is done before a sum leaves its register: oneDNN's gradients cannot add, nor mask.

namespace conus {

class Pointwise : public Algorithm<float> {
 public:
  Pointwise(bool turned, long long cells, long long channels, long long filters, long long threads)
      : turned_(turned), cells_(cells), channels_(channels), filters_(filters), threads_(threads) {}

  Order order() const override { return {1, turned_, channels_, filters_}; }
  long long weights() const override { return channels_ * filters_; }

  // U[panel][channel][column]: a panel holds as many filters as a product has columns. For the
  // gradient the plain weights are (channels, filters).
  void transform(const float* plain, float* to) const override {
    const long long columns = tiling<float>()->columns;
#pragma omp parallel for schedule(static) num_threads(threads_)
    for (long long panel = 0; panel < filters_ / columns; ++panel)
      for (long long channel = 0; channel < channels_; ++channel)
        for (long long n = 0; n < columns; ++n) {
          const long long filter = panel * columns + n;
          to[(panel * channels_ + channel) * columns + n] =
              plain[turned_ ? channel * filters_ + filter : filter * channels_ + channel];
        }
  }

  // Each thread takes some of the cells; or, if there are more weights than cells, some of the
  // filters, so that every weight is fetched once.
  void run(const float* x, const float* weights, const Finish<float>& finish,
           float* y) const override {
    const long long panels = filters_ / tiling<float>()->columns;
    const bool by_filters = cells_ < filters_ && panels >= threads_;
#pragma omp parallel num_threads(threads_)
    {
      const long long thread = omp_get_thread_num(), threads = omp_get_num_threads();
      const long long all = by_filters ? panels : cells_;
      const long long begin = thread * all / threads, end = (thread + 1) * all / threads;
      const Part part = by_filters ? Part{0, cells_, begin, end} : Part{begin, end, 0, panels};
      compute(part, x, weights, finish, y);
    }
  }

 private:
  struct Part {
    long long first_cell, end_cell, first_panel, end_panel;
  };

  // In groups of cells whose inputs and outputs stay in the cache.
  void compute(const Part& part, const float* x, const float* weights, const Finish<float>& finish,
               float* y) const {
    const Tiling<float>& t = *tiling<float>();
    const long long count = part.end_cell - part.first_cell, matrix = channels_ * t.columns;
    const long long each = (channels_ + 2 * filters_) * (long long)sizeof(float);
    const long long fit = std::max<long long>(4 * t.most_rows, kept / each);
    const long long groups = (count + fit - 1) / fit;
    for (long long group = 0; group < groups; ++group) {
      const long long first = part.first_cell + group * count / groups;
      const long long end = part.first_cell + (group + 1) * count / groups;
      for (long long panel = part.first_panel; panel < part.end_panel; ++panel) {
        const long long channel = panel * t.columns, place = first * filters_ + channel;
        const float* u = weights + panel * matrix;
        t.multiply_and_finish(x + first * channels_, channels_, end - first, u, channels_,
                              finish.from(place, channel), y + place, filters_, u + matrix);
      }
    }
  }

  static constexpr long long kept = 512 << 10;  // bytes
  const bool turned_;
  const long long cells_, channels_, filters_, threads_;
};

// With few cells and many weights it is faster than oneDNN's kernels (docs/ops.md); a gradient is
// faster in any case, because what follows it need not pass through memory again.
constexpr long long weights_for_a_cell = 128;

inline std::unique_ptr<Algorithm<float>> choose_pointwise(const Geometry& g, bool gradient) {
  if (g.kernel_height != 1 || g.kernel_width != 1 || g.stride != 1 || g.pad) return nullptr;
  const long long channels = gradient ? g.filters : g.channels;
  const long long filters = gradient ? g.channels : g.filters;
  const long long cells = g.batch * g.height * g.width;
  if (filters % tiling<float>()->columns) return nullptr;
  if (!gradient && channels * filters < weights_for_a_cell * cells) return nullptr;
  return std::make_unique<Pointwise>(gradient, cells, channels, filters, g.threads);
}

}  // namespace conus
