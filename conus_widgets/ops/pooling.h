// Max and mean pooling of channels-last images (NHWC), and their gradients.
//
// Plain loops with the channels innermost, so that the compiler can vectorise them. Rules as in
// PyTorch: of equal maxima the first in reading order gets the gradient; a NaN stays visible.

namespace conus {

inline const MaximaOf* maxima() {
  static const MaximaOf wide = avx512::maxima(), narrow = avx2::maxima();
  return widest(&wide, &narrow);
}

inline bool larger(float value, float best) { return value > best || value != value; }

inline void refuse_small(PyArrayObject* x, const Windows& w) {
  refuse_empty(x, "max pooling: the input");
  if (!w.count(PyArray_DIM(x, 1)) || !w.count(PyArray_DIM(x, 2)))
    throw ShapeError(
        format("max pooling: the input (%s, padded by %lld) is smaller than the "
               "%lldx%lld window.",
               shape(x).c_str(), w.pad, w.size, w.size));
}

// The maxima of one row of windows in one image, of the channels from `first` on.
template <typename Number>
void find_maxima(const Number* from, Number* to, const Windows& w, const Image& of, long long row,
                 long long first) {
  constexpr long long most = 16;
  for (long long column = 0; column < w.count(of.width); ++column, to += of.channels)
    for (long long begin = first; begin < of.channels; begin += most) {
      const long long many = std::min(most, of.channels - begin);
      float best[most];
      std::fill(best, best + most, -INFINITY);
      for (long long i = w.first(row); i < w.last(row, of.height); ++i)
        for (long long j = w.first(column); j < w.last(column, of.width); ++j) {
          const Number* cell = from + (i * of.width + j) * of.channels + begin;
          for (long long c = 0; c < many; ++c)
            best[c] = larger(number(cell[c]), best[c]) ? number(cell[c]) : best[c];
        }
      for (long long c = 0; c < many; ++c) put(to + begin + c, best[c]);
    }
}

// The maxima of a batch: by `find` what fills its `lanes`, the other channels by the loop above.
template <typename Number>
void find_all(const void* x, void* y, long long batch, const Windows& w, const Image& of,
              FindMaxima<Number> find, int lanes, int threads) {
  const long long rows = w.count(of.height), columns = w.count(of.width);
  const long long first = find ? of.channels / lanes * lanes : 0;
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
  for (long long image = 0; image < batch; ++image)
    for (long long row = 0; row < rows; ++row) {
      auto* from = static_cast<const Number*>(x) + image * of.height * of.width * of.channels;
      auto* to = static_cast<Number*>(y) + (image * rows + row) * columns * of.channels;
      if (find) find(from, to, w, of, row);
      if (first < of.channels) find_maxima(from, to, w, of, row, first);
    }
}

inline int max_pool(PyArrayObject* x, PyArrayObject** y, long long size, long long stride,
                    long long pad, bool partial) {
  return guarded([&] {
    Windows w{size, stride, pad, partial};
    refuse_small(x, w);
    Contiguous in(x);
    const npy_intp* n = PyArray_DIMS(x);
    const Image of{n[1], n[2], n[3]};
    const int type = PyArray_TYPE(x);
    void* to = output_of(y, {n[0], w.count(of.height), w.count(of.width), of.channels}, type);
    const MaximaOf *found = maxima(), none{}, *with = found ? found : &none;
    const int threads = thread_count();

    PythonReleased python;
    if (type == NPY_UINT16)
      find_all(in.data(), to, n[0], w, of, with->find_words, with->lanes, threads);
    else
      find_all(in.data(), to, n[0], w, of, with->find, with->lanes, threads);
  });
}

// Adds each window's gradient to the place of its maximum, in one image, for up to 16 channels; not
// if the maximum is `masked` and not positive.
inline void pay_maxima(const float* from, const float* d, float* to, const Windows& w,
                       const Image& of, long long many, bool masked) {
  constexpr long long most = 16;
  for (long long row = 0; row < w.count(of.height); ++row)
    for (long long column = 0; column < w.count(of.width); ++column, d += of.channels) {
      float best[most];
      long long place[most] = {};
      std::fill(best, best + most, -INFINITY);
      for (long long i = w.first(row); i < w.last(row, of.height); ++i)
        for (long long j = w.first(column); j < w.last(column, of.width); ++j) {
          const long long here = (i * of.width + j) * of.channels;
          for (long long c = 0; c < many; ++c) {
            const bool better = larger(from[here + c], best[c]);
            best[c] = better ? from[here + c] : best[c];
            place[c] = better ? here : place[c];
          }
        }
      for (long long c = 0; c < many; ++c)
        if (!masked || best[c] > 0) to[place[c] + c] += d[c];
    }
}

// Windows overlap, so the threads share the channels, not the windows, among them. `masked`: x is
// what a ReLU gave, and the gradient is that by what went into it.
inline int max_pool_gradient(PyArrayObject* x, PyArrayObject* dy, PyArrayObject** dx,
                             long long size, long long stride, long long pad, bool partial,
                             bool masked) {
  return guarded([&] {
    Windows w{size, stride, pad, partial};
    refuse_small(x, w);
    const npy_intp* n = PyArray_DIMS(x);
    const long long batch = n[0], height = n[1], width = n[2], channels = n[3];
    const long long windows = w.count(height) * w.count(width);
    const Image of{height, width, channels};
    const MaximaOf* wide = maxima();
    require_shape(dy, {batch, w.count(height), w.count(width), channels},
                  "max pooling: the gradient by the output");
    Contiguous in(x), gradient(dy);
    const float *from = in.data(), *d = gradient.data();
    float* to = output(dx, {batch, height, width, channels});
    const long long step = wide ? wide->lanes : 16;
    int threads = thread_count();

    PythonReleased python;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (long long row = 0; row < batch * height; ++row)
      std::memset(to + row * width * channels, 0, sizeof(float) * width * channels);
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
    for (long long image = 0; image < batch; ++image)
      for (long long begin = 0; begin < channels; begin += step) {
        const long long at = image * height * width * channels + begin;
        const float* by = d + image * windows * channels + begin;
        if (wide && begin + step <= channels)
          wide->pay(from + at, by, to + at, w, of, masked);
        else
          pay_maxima(from + at, by, to + at, w, of, std::min(step, channels - begin), masked);
      }
  });
}

// The mean over all cells, summed in double precision.
inline int mean_pool(PyArrayObject* x, PyArrayObject** y) {
  return guarded([&] {
    refuse_empty(x, "mean pooling: the input");
    Contiguous in(x);
    const float* from = in.data();
    const npy_intp* n = PyArray_DIMS(x);
    const long long batch = n[0], cells = n[1] * n[2], channels = n[3];
    float* to = output(y, {batch, channels});
    constexpr long long block = 64;
    int threads = thread_count();

    PythonReleased python;
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
    for (long long image = 0; image < batch; ++image)
      for (long long begin = 0; begin < channels; begin += block) {
        const long long many = std::min(block, channels - begin);
        double sum[block] = {};
        for (long long cell = 0; cell < cells; ++cell) {
          const float* value = from + (image * cells + cell) * channels + begin;
          for (long long c = 0; c < many; ++c) sum[c] += value[c];
        }
        float* mean = to + image * channels + begin;
        for (long long c = 0; c < many; ++c) mean[c] = float(sum[c] / cells);
      }
  });
}

// Each cell gets an equal share.
inline int mean_pool_gradient(PyArrayObject* x, PyArrayObject* dy, PyArrayObject** dx) {
  return guarded([&] {
    refuse_empty(x, "mean pooling: the input");
    const npy_intp* n = PyArray_DIMS(x);
    const long long batch = n[0], cells = n[1] * n[2], channels = n[3];
    require_shape(dy, {n[0], n[3]}, "mean pooling: the gradient by the output");
    Contiguous gradient(dy);
    const float* d = gradient.data();
    float* to = output(dx, {n[0], n[1], n[2], n[3]});

    PythonReleased python;
    for (long long image = 0; image < batch; ++image)
      for (long long cell = 0; cell < cells; ++cell) {
        float* share = to + (image * cells + cell) * channels;
        for (long long c = 0; c < channels; ++c) share[c] = d[image * channels + c] / cells;
      }
  });
}

}  // namespace conus
