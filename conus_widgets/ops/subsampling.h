// Every second cell of channels-last images (NHWC), or every third ..., and the gradient.

namespace conus {

struct Subsampling {
  long long batch, height, width, bytes, step;  // bytes of a cell

  Subsampling(PyArrayObject* x, long long step)
      : batch(PyArray_DIM(x, 0)),
        height(PyArray_DIM(x, 1)),
        width(PyArray_DIM(x, 2)),
        bytes(PyArray_DIM(x, 3) * PyArray_ITEMSIZE(x)),
        step(step) {}
  long long rows() const { return (height + step - 1) / step; }
  long long columns() const { return (width + step - 1) / step; }
};

// The first cell of each row and column is kept.
inline int subsample(PyArrayObject* x, PyArrayObject** y, long long step) {
  return guarded([&] {
    const Subsampling s(x, step);
    Contiguous in(x);
    void* made = output_of(y, {s.batch, s.rows(), s.columns(), PyArray_DIM(x, 3)}, PyArray_TYPE(x));
    auto* from = reinterpret_cast<const char*>(in.data());
    auto* to = static_cast<char*>(made);
    const int threads = thread_count();

    PythonReleased python;
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
    for (long long image = 0; image < s.batch; ++image)
      for (long long row = 0; row < s.rows(); ++row) {
        const char* cell = from + (image * s.height + row * step) * s.width * s.bytes;
        char* kept = to + (image * s.rows() + row) * s.columns() * s.bytes;
        for (long long column = 0; column < s.columns(); ++column)
          std::memcpy(kept + column * s.bytes, cell + column * step * s.bytes, s.bytes);
      }
  });
}

// What was kept gets its gradient, all other cells get 0; of x only the shape is used.
inline int subsampling_gradient(PyArrayObject* x, PyArrayObject* dy, PyArrayObject** dx,
                                long long step) {
  return guarded([&] {
    const Subsampling s(x, step);
    const npy_intp* n = PyArray_DIMS(x);
    require_shape(dy, {n[0], s.rows(), s.columns(), n[3]},
                  "subsampling: the gradient by the output");
    Contiguous gradient(dy);
    auto* from = reinterpret_cast<const char*>(gradient.data());
    auto* to = reinterpret_cast<char*>(output(dx, {n[0], n[1], n[2], n[3]}));
    const int threads = thread_count();

    PythonReleased python;
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
    for (long long image = 0; image < s.batch; ++image)
      for (long long row = 0; row < s.height; ++row) {
        char* cells = to + (image * s.height + row) * s.width * s.bytes;
        std::memset(cells, 0, s.width * s.bytes);
        if (row % step) continue;
        const char* kept = from + (image * s.rows() + row / step) * s.columns() * s.bytes;
        for (long long column = 0; column < s.columns(); ++column)
          std::memcpy(cells + column * step * s.bytes, kept + column * s.bytes, s.bytes);
      }
  });
}

}  // namespace conus
