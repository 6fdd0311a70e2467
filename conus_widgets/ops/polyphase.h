// The gradient by a photograph: of a strided convolution whose input has few channels.
//
// A pixel at an even place meets other weights than its neighbour at an odd place: with a stride of
// s there are s * s such phases. All phases of a pixel, times the channels, are few numbers, here
// the columns of one product: (places, taps * filters) @ (taps * filters, phases * channels).
// `wide` neighbouring places in a row fill the columns better. Nothing is scattered, and a row of
// the product's left side lies in one piece in the gradient by the output.

namespace conus {

class Polyphase : public Algorithm<float> {
 public:
  explicit Polyphase(const Geometry& g)
      : g_(g),
        wide_(tiling<float>()->columns / (g.stride * g.stride * g.channels)),
        // An output `t` places after its pixel's own holds it in the window, for these t:
        first_(-((g.kernel_height - 1 - g.pad) / g.stride)),
        taps_((g.stride - 1 + g.pad) / g.stride - first_ + 1),
        taps_across_(taps_ + wide_ - 1) {}

  // Whether it can be used, and is likely to be faster.
  static bool serves(const Geometry& g) {
    return g.stride > 1 && g.kernel_height == g.kernel_width && g.pad < g.kernel_height &&
           g.stride * g.stride * g.channels <= tiling<float>()->columns;
  }

  Order order() const override {
    return {3, g_.stride, g_.pad, g_.kernel_height, g_.channels, g_.filters};
  }
  long long weights() const override { return taps_ * depth() * tiling<float>()->columns; }

  // U[tap down][tap across][filter][column]; the columns are rows of pixels, their channels last.
  void transform(const float* plain, float* to) const override {
    const long long columns = tiling<float>()->columns, s = g_.stride, k = g_.kernel_height;
    std::fill(to, to + weights(), 0.f);
    for (long long row = 0; row < s; ++row)
      for (long long pixel = 0; pixel < wide_ * s; ++pixel)
        for (long long down = 0; down < taps_; ++down)
          for (long long across = 0; across < taps_across_; ++across) {
            const long long y = row + g_.pad - s * (down + first_);  // in the kernel
            const long long x = pixel + g_.pad - s * (across + first_);
            if (y < 0 || x < 0 || y >= k || x >= k) continue;
            for (long long filter = 0; filter < g_.filters; ++filter)
              for (long long channel = 0; channel < g_.channels; ++channel) {
                const long long line = (down * taps_across_ + across) * g_.filters + filter;
                const long long column = (row * wide_ * s + pixel) * g_.channels + channel;
                to[line * columns + column] =
                    plain[((filter * g_.channels + channel) * k + y) * k + x];
              }
          }
  }

  void run(const float* dy, const float* weights, const Finish<float>& finish,
           float* dx) const override {
    const Tiling<float>& t = *tiling<float>();
    const long long rows = (g_.height + g_.stride - 1) / g_.stride;
    const long long ring = taps_ * padded(), own = ring + places() * t.columns;
    float* blocks = static_cast<float*>(scratch(own * g_.threads * sizeof(float)));
#pragma omp parallel num_threads(g_.threads)
    {
      const long long thread = omp_get_thread_num(), all = g_.batch * rows;
      const long long begin = thread * all / omp_get_num_threads();
      const long long end = (thread + 1) * all / omp_get_num_threads();
      float *kept = blocks + thread * own, *sums = kept + ring;
      long long next = 0, image = -1;  // the row of dy to be kept next
      for (long long unit = begin; unit < end; ++unit) {
        const long long row = unit % rows;
        if (unit / rows != image) {
          image = unit / rows;
          next = row + first_;
        }
        for (; next < row + first_ + taps_; ++next) keep(dy, image, next, kept);
        for (long long tap = 0; tap < taps_; ++tap) {
          const float* u = weights + tap * depth() * t.columns;
          Finish<float> more;
          if (tap) more.residual = sums;
          t.multiply_and_finish(kept + slot(row + first_ + tap) * padded(), wide_ * g_.filters,
                                places(), u, depth(), more, sums, t.columns,
                                u + depth() * t.columns);
        }
        leave(sums, image, row, finish, dx);
      }
    }
  }

 private:
  long long places() const {  // in a row: blocks of pixels
    return (g_.width + g_.stride * wide_ - 1) / (g_.stride * wide_);
  }
  long long depth() const { return taps_across_ * g_.filters; }
  long long padded() const { return ((places() - 1) * wide_ + taps_across_) * g_.filters; }
  long long slot(long long row) const { return (row % taps_ + taps_) % taps_; }

  // A row of the gradient by the output, with zeros beyond its edges.
  void keep(const float* dy, long long image, long long row, float* kept) const {
    float* to = kept + slot(row) * padded();
    const long long width = g_.out_width(), before = -first_ * g_.filters;
    const bool there = row >= 0 && row < g_.out_height();
    const long long many = there ? std::min(width * g_.filters, padded() - before) : 0;
    const float* from = dy + (image * g_.out_height() + row) * width * g_.filters;
    std::fill(to, to + before, 0.f);
    if (many) std::memcpy(to + before, from, many * sizeof(float));
    std::fill(to + before + many, to + padded(), 0.f);
  }

  void leave(const float* sums, long long image, long long row, const Finish<float>& finish,
             float* dx) const {
    const long long columns = tiling<float>()->columns, line = g_.width * g_.channels;
    const long long piece = wide_ * g_.stride * g_.channels;
    for (long long phase = 0; phase < g_.stride; ++phase) {
      const long long y = row * g_.stride + phase;
      if (y >= g_.height) break;
      const long long begin = (image * g_.height + y) * line;
      for (long long place = 0; place < places(); ++place) {
        const float* from = sums + place * columns + phase * piece;
        const long long many = std::min(piece, line - place * piece);
        for (long long n = 0; n < many; ++n) {
          const long long to = begin + place * piece + n;
          const float sum = finish.residual ? from[n] + finish.residual[to] : from[n];
          dx[to] = finish.positive && !(finish.positive[to] > 0) ? 0 : sum;
        }
      }
    }
  }

  const Geometry g_;
  const long long wide_, first_, taps_, taps_across_;
};

inline std::unique_ptr<Algorithm<float>> choose_polyphase(const Geometry& g, bool gradient) {
  if (!gradient || !Polyphase::serves(g)) return nullptr;
  return std::make_unique<Polyphase>(g);
}

}  // namespace conus
