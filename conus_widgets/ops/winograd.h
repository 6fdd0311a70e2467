// Convolutions of 3x3 cells with fewer multiplications: Winograd's algorithm.
//
// A tile of the image and the weights are transformed, multiplied number by number, and the product
// is transformed back. Over all channels and tiles these are 16 or 36 products of matrices,
//     M[i] = V[i] @ U[i]:  (tiles, filters) = (tiles, channels) @ (channels, filters)
// Per output that takes 4 multiplications in F(2x2,3x3) and 2.25 in F(4x4,3x3), where 9 are usual.
// The gradient by the input is the same with turned weights, their channels and filters exchanged.

namespace conus {

enum class Form { two_by_two, four_by_four };  // outputs of a tile

constexpr long long read_cost = 20;  // see `choose_winograd`
constexpr long long transform_cost = 8;
constexpr long long most_weights = 4 << 20;  // bytes of a convolution's weights for F(4x4,3x3)

constexpr int outputs_of(Form form) { return form == Form::four_by_four ? 4 : 2; }
constexpr int cells_of(Form form) { return outputs_of(form) + 2; }

// Which convolution: of an image with a stride of 1 and zeros around it.
template <typename Number>
class Winograd : public Algorithm<Number> {
 public:
  Form form;
  bool turned;  // the gradient by the input
  long long batch, height, width, channels, filters, pad, threads;

  Winograd(Form form, bool turned, long long batch, long long height, long long width,
           long long channels, long long filters, long long pad, long long threads)
      : form(form),
        turned(turned),
        batch(batch),
        height(height),
        width(width),
        channels(channels),
        filters(filters),
        pad(pad),
        threads(threads) {}

  long long out_height() const { return height + 2 * pad - 2; }
  long long out_width() const { return width + 2 * pad - 2; }
  long long down() const { return tiles_along(out_height()); }
  long long across() const { return tiles_along(out_width()); }
  long long tiles() const { return batch * down() * across(); }
  long long products() const { return cells_of(form) * cells_of(form); }

  typename Algorithm<Number>::Order order() const override {
    return {outputs_of(form), turned, channels, filters};
  }
  long long weights() const override { return products() * channels * filters; }
  void transform(const float* plain, Number* to) const override;
  void run(const Number* x, const Number* transformed, const Finish<Number>& finish,
           Number* y) const override;

 private:
  long long tiles_along(long long outputs) const {
    return (outputs + outputs_of(form) - 1) / outputs_of(form);
  }
};

// ---- weights -----------------------------------------------------------------------------------

// U[panel][product][channel][column]: a panel holds as many filters as a product has columns. Of
// channels that are multiplied together the numbers of a column lie side by side.
// For the gradient the plain weights are (channels, filters, 3, 3).
template <typename Number>
inline void Winograd<Number>::transform(const float* weights, Number* to) const {
  static const double two[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
  static const double four[6][3] = {{1 / 4., 0, 0},
                                    {-1 / 6., -1 / 6., -1 / 6.},
                                    {-1 / 6., 1 / 6., -1 / 6.},
                                    {1 / 24., 1 / 12., 1 / 6.},
                                    {1 / 24., -1 / 12., 1 / 6.},
                                    {0, 0, 1}};
  const double (*by)[3] = form == Form::four_by_four ? four : two;
  const int size = cells_of(form), columns = tiling<Number>()->columns;
  const int together = tiling<Number>()->together;
  constexpr int most = 32;  // columns
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
  for (long long panel = 0; panel < filters / columns; ++panel)
    for (long long channel = 0; channel < channels; ++channel) {
      double plain[9][most], half[6][3][most];  // the columns lie innermost: one by one is slow
      for (int n = 0; n < columns; ++n) {
        const long long filter = panel * columns + n;
        const float* from =
            weights + 9 * (turned ? channel * filters + filter : filter * channels + channel);
        for (int cell = 0; cell < 9; ++cell) plain[turned ? 8 - cell : cell][n] = from[cell];
      }
      for (int i = 0; i < size; ++i)
        for (int j = 0; j < 3; ++j)
          for (int n = 0; n < columns; ++n)
            half[i][j][n] =
                by[i][0] * plain[j][n] + by[i][1] * plain[3 + j][n] + by[i][2] * plain[6 + j][n];
      for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j) {
          const long long product = panel * products() + i * size + j;
          const long long side = channel % together;
          Number* row = to + (product * channels + channel - side) * columns + side;
          for (int n = 0; n < columns; ++n)
            put(row + n * together, float(half[i][0][n] * by[j][0] + half[i][1][n] * by[j][1] +
                                          half[i][2][n] * by[j][2]));
        }
    }
}

// ---- images ------------------------------------------------------------------------------------

// What the threads share of one convolution. Tiles go in groups, so that a group's transformed
// numbers stay in the cache.
template <typename Number>
class WinogradRun {
 public:
  WinogradRun(const Winograd<Number>& w, const Number* x, const Number* weights,
              const Finish<Number>& finish, Number* y)
      : w_(w),
        t_(*tiling<Number>()),
        form_(w.form == Form::four_by_four),
        in_{w.height, w.width, w.channels},
        out_{w.out_height(), w.out_width(), w.filters},
        x_(x),
        weights_(weights),
        finish_(finish),
        y_(y),
        // Either there are more weights than transformed cells: each thread takes some of the
        // filters, and reads their weights once; or each thread takes some of the tiles.
        by_filters_(w.tiles() < w.filters / 2 || w.tiles() < w.threads) {
    const long long kept = by_filters_ ? shared_bytes : own_bytes;
    const long long each = w.products() * (w.channels + gap) * (long long)sizeof(Number);
    const long long fit = std::max<long long>(2 * t_.most_rows, kept / each);
    groups_ = (w.tiles() + fit - 1) / fit;
    if (!by_filters_) groups_ = (groups_ + w.threads - 1) / w.threads * w.threads;
    groups_ = std::min(groups_, w.tiles());
    most_ = (w.tiles() + groups_ - 1) / groups_;
    row_ = w.channels + gap;  // so that rows do not meet in the same lines of the cache
    step_ = most_ * row_;
    const long long shared = w.products() * step_, own = w.products() * most_ * t_.columns;
    const long long many = by_filters_ ? 1 : w.threads;
    const long long cells = shared * many * (long long)sizeof(Number);
    char* room = static_cast<char*>(scratch(cells + own * w.threads * sizeof(float)));
    cells_ = reinterpret_cast<Number*>(room);
    sums_ = reinterpret_cast<float*>(room + cells);
  }

  void run() {
#pragma omp parallel num_threads(w_.threads)
    if (by_filters_)
      share_filters();
    else
      share_tiles();
  }

 private:
  static constexpr long long gap = 64 / sizeof(Number);
  static constexpr long long own_bytes = 300 << 10, shared_bytes = 3 << 20;

  long long begin(long long group) const { return group * w_.tiles() / groups_; }

  void share_tiles() {
    const long long thread = omp_get_thread_num();
    Number* cells = cells_ + thread * w_.products() * step_;
#pragma omp for schedule(static)
    for (long long group = 0; group < groups_; ++group) {
      for (long long tile = begin(group); tile < begin(group + 1); ++tile)
        enter(tile, cells + (tile - begin(group)) * row_);
      for (long long panel = 0; panel < w_.filters / t_.columns; ++panel)
        leave(panel, cells, begin(group), begin(group + 1));
    }
  }

  void share_filters() {
    const long long panels = w_.filters / t_.columns, threads = omp_get_num_threads();
    const long long parts = (threads + panels - 1) / panels;  // of a group of tiles
    for (long long group = 0; group < groups_; ++group) {
      const long long first = begin(group), count = begin(group + 1) - first;
#pragma omp for schedule(static)
      for (long long tile = 0; tile < count; ++tile) enter(first + tile, cells_ + tile * row_);
#pragma omp for schedule(static)
      for (long long unit = 0; unit < panels * parts; ++unit) {
        const long long part = unit % parts;
        const long long from = part * count / parts, to = (part + 1) * count / parts;
        if (from < to) leave(unit / parts, cells_ + from * row_, first + from, first + to);
      }
    }
  }

  void enter(long long tile, Number* to) const {
    const long long each = w_.down() * w_.across(), outputs = outputs_of(w_.form);
    const long long image = tile / each, row = tile % each / w_.across(),
                    column = tile % w_.across();
    t_.enter[form_](x_ + image * in_.height * in_.width * in_.channels, in_, row * outputs - w_.pad,
                    column * outputs - w_.pad, to, step_);
  }

  // One panel of filters, for some tiles.
  void leave(long long panel, const Number* cells, long long first, long long end) const {
    const long long rows = end - first, matrix = w_.channels * t_.columns;
    float* sums = sums_ + omp_get_thread_num() * w_.products() * most_ * t_.columns;
    const Number* weights = weights_ + panel * w_.products() * matrix;
    const long long step = rows * t_.columns;
    for (long long i = 0; i < w_.products(); ++i, weights += matrix)
      t_.multiply(cells + i * step_, row_, rows, weights, w_.channels, sums + i * step,
                  weights + matrix);
    const long long each = w_.down() * w_.across(), outputs = outputs_of(w_.form);
    for (long long tile = first; tile < end; ++tile) {
      const long long image = tile / each, row = tile % each / w_.across();
      const long long column = tile % w_.across();
      const long long offset = image * out_.height * out_.width * out_.channels;
      t_.leave[form_](sums + (tile - first) * t_.columns, step, out_, row * outputs,
                      column * outputs, panel * t_.columns, finish_.from(offset), y_ + offset);
    }
  }

  const Winograd<Number>& w_;
  const Tiling<Number>& t_;
  const int form_;
  const Image in_, out_;
  const Number *x_, *weights_;
  const Finish<Number> finish_;
  Number* y_;
  const bool by_filters_;
  long long groups_, most_, row_, step_;
  Number* cells_;
  float* sums_;
};

// ---- choice ------------------------------------------------------------------------------------

// Winograd's algorithm, if it takes less time than the direct way. Counted in multiplications for
// each pair of a channel and a filter: a number of the weights takes as long to fetch from memory
// as `read_cost` multiplications, one of a transformed tile as `transform_cost` to make.
//
// F(4x4,3x3) has 4 times as many weights as the direct way. It is taken if they fit into a cache,
// and not for words of bfloat16: its outputs would be ten times as far off (docs/ops.md). Two words
// are multiplied in the time of one float32, so that a transformation counts twice.
template <typename Number>
inline std::unique_ptr<Algorithm<Number>> choose_winograd(const Geometry& g, bool gradient) {
  if (g.kernel_height != 3 || g.kernel_width != 3 || g.stride != 1 || g.pad > 2) return nullptr;
  const long long channels = gradient ? g.filters : g.channels;
  const long long filters = gradient ? g.channels : g.filters;
  if (channels % tiling<Number>()->lanes || filters % tiling<Number>()->columns) return nullptr;
  constexpr bool words = std::is_same<Number, npy_uint16>::value;
  std::unique_ptr<Winograd<Number>> best;
  const long long outputs =
      g.batch * (gradient ? g.height * g.width : g.out_height() * g.out_width());
  double least = 9. * (outputs + read_cost);
  for (Form form : {Form::two_by_two, Form::four_by_four}) {
    const Winograd<Number> w{form,
                             gradient,
                             g.batch,
                             gradient ? g.out_height() : g.height,
                             gradient ? g.out_width() : g.width,
                             channels,
                             filters,
                             gradient ? 2 - g.pad : g.pad,
                             g.threads};
    const double transform = double(words ? 2 * transform_cost : transform_cost) *
                             (channels + filters) / (channels * filters);
    const double cost = w.products() * (w.tiles() * (1 + transform) + read_cost);
    const bool fits = w.weights() * (long long)sizeof(Number) <= most_weights && !words;
    if (cost < least && (form == Form::two_by_two || fits)) {
      least = cost;
      best = std::make_unique<Winograd<Number>>(w);
    }
  }
  return best;
}

template <typename Number>
inline void Winograd<Number>::run(const Number* x, const Number* weights,
                                  const Finish<Number>& finish, Number* y) const {
  WinogradRun<Number>(*this, x, weights, finish, y).run();
}

}  // namespace conus
