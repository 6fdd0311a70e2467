// Max and mean pooling of channels-last images (NHWC), and their gradients.
//
// Plain loops with the channels innermost, so that the compiler can vectorise them. Rules as in
// PyTorch: of equal maxima the first in reading order gets the gradient; a NaN stays visible.

#include <cmath>

namespace conus {

struct Windows {
  long long size, stride, pad;
  bool partial;  // keep a last window that sticks out

  long long count(long long length) const {
    const long long room = length + 2 * pad - size;  // for the last window's start
    if (room < 0) return partial ? 1 : 0;
    const long long windows = (partial ? (room + stride - 1) / stride : room / stride) + 1;
    const bool beyond = (windows - 1) * stride >= length + pad;  // it would hold padding only
    return windows - beyond;
  }
  long long first(long long window) const { return std::max(0LL, window * stride - pad); }
  long long last(long long window, long long length) const {
    return std::min(length, window * stride - pad + size);
  }
};

inline bool larger(float value, float best) { return value > best || value != value; }

inline void refuse_small(PyArrayObject* x, const Windows& w) {
  refuse_empty(x, "max pooling: the input");
  if (!w.count(PyArray_DIM(x, 1)) || !w.count(PyArray_DIM(x, 2)))
    throw ShapeError(
        format("max pooling: the input (%s, padded by %lld) is smaller than the "
               "%lldx%lld window.",
               shape(x).c_str(), w.pad, w.size, w.size));
}

inline int max_pool(PyArrayObject* x, PyArrayObject** y, long long size, long long stride,
                    long long pad, bool partial) {
  return guarded([&] {
    Windows w{size, stride, pad, partial};
    refuse_small(x, w);
    Contiguous in(x);
    const float* from = in.data();
    const npy_intp* n = PyArray_DIMS(x);
    const long long batch = n[0], height = n[1], width = n[2], channels = n[3];
    const long long rows = w.count(height), columns = w.count(width);
    float* to = output(y, {batch, rows, columns, channels});
    int threads = thread_count();

    PythonReleased python;
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
    for (long long image = 0; image < batch; ++image)
      for (long long row = 0; row < rows; ++row)
        for (long long column = 0; column < columns; ++column) {
          float* best = to + ((image * rows + row) * columns + column) * channels;
          std::fill(best, best + channels, -INFINITY);
          for (long long i = w.first(row); i < w.last(row, height); ++i)
            for (long long j = w.first(column); j < w.last(column, width); ++j) {
              const float* cell = from + ((image * height + i) * width + j) * channels;
              for (long long c = 0; c < channels; ++c)
                best[c] = larger(cell[c], best[c]) ? cell[c] : best[c];
            }
        }
  });
}

// Adds each window's gradient to the place of its maximum. Windows overlap, so the threads share
// the channels, not the windows, among them.
inline int max_pool_gradient(PyArrayObject* x, PyArrayObject* dy, PyArrayObject** dx,
                             long long size, long long stride, long long pad, bool partial) {
  return guarded([&] {
    Windows w{size, stride, pad, partial};
    refuse_small(x, w);
    const npy_intp* n = PyArray_DIMS(x);
    const long long batch = n[0], height = n[1], width = n[2], channels = n[3];
    const long long rows = w.count(height), columns = w.count(width);
    require_shape(dy, {batch, rows, columns, channels}, "max pooling: the gradient by the output");
    Contiguous in(x), gradient(dy);
    const float *from = in.data(), *d = gradient.data();
    float* to = output(dx, {batch, height, width, channels});
    int threads = thread_count();
    constexpr long long block = 16;

    PythonReleased python;
    std::memset(to, 0, sizeof(float) * batch * height * width * channels);
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
    for (long long image = 0; image < batch; ++image)
      for (long long begin = 0; begin < channels; begin += block) {
        const long long many = std::min(block, channels - begin);
        for (long long row = 0; row < rows; ++row)
          for (long long column = 0; column < columns; ++column) {
            float best[block];
            int place[block] = {};
            std::fill(best, best + block, -INFINITY);
            const long long i0 = w.first(row), j0 = w.first(column);
            for (long long i = i0; i < w.last(row, height); ++i)
              for (long long j = j0; j < w.last(column, width); ++j) {
                const float* cell = from + ((image * height + i) * width + j) * channels + begin;
                const int here = int((i - i0) * width + j - j0);
                for (long long c = 0; c < many; ++c) {
                  const bool better = larger(cell[c], best[c]);
                  best[c] = better ? cell[c] : best[c];
                  place[c] = better ? here : place[c];
                }
              }
            const float* add = d + ((image * rows + row) * columns + column) * channels + begin;
            float* corner = to + ((image * height + i0) * width + j0) * channels + begin;
            for (long long c = 0; c < many; ++c) corner[place[c] * channels + c] += add[c];
          }
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
