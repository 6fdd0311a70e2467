// Batch norm of channels-last images with the batch's own statistics, and its gradients: for
// training only (a trained network's batch norm is folded into its convolutions).
//
// Ioffe and Szegedy 2015, arXiv:1502.03167. Plain loops with the channels innermost. Sums run in
// float over a few rows, where they vectorise, and in double over the many.

#include <cmath>

namespace conus {

struct Rows {  // all cells of all images, a row of channels each
  explicit Rows(PyArrayObject* x)
      : channels(PyArray_DIM(x, 3)), count(PyArray_SIZE(x) / PyArray_DIM(x, 3)) {}
  const long long channels, count;
};

// Sums up what `add(row, sums)` adds for each row to `width` numbers. The threads' sums are added
// in their order, so the same number of threads gives the same bits.
template <typename Add>
std::vector<double> sum_rows(const Rows& rows, long long width, int threads, Add add) {
  constexpr long long few = 64;
  std::vector<std::vector<double>> parts(threads, std::vector<double>(width));
#pragma omp parallel num_threads(threads)
  {
    const long long all = omp_get_num_threads(), mine = omp_get_thread_num();
    const long long last = rows.count * (mine + 1) / all;
    std::vector<float> sums(width);
    std::vector<double>& part = parts[mine];
    for (long long row = rows.count * mine / all; row < last;) {
      std::fill(sums.begin(), sums.end(), 0.f);
      for (const long long end = std::min(last, row + few); row < end; ++row) add(row, sums.data());
      for (long long i = 0; i < width; ++i) part[i] += sums[i];
    }
  }
  for (size_t thread = 1; thread < parts.size(); ++thread)
    for (long long i = 0; i < width; ++i) parts[0][i] += parts[thread][i];
  return std::move(parts[0]);
}

// y = (x - mean) * inv_std * gamma + beta [+ residual], through ReLU where asked for.
inline int batch_norm(PyArrayObject* x, PyArrayObject* beta, PyArrayObject* gamma,
                      PyArrayObject* residual, PyArrayObject** y, PyArrayObject** mean,
                      PyArrayObject** inv_std, double epsilon, bool relu, bool has_residual) {
  return guarded([&] {
    refuse_empty(x, "batch norm: the input");
    const Rows rows(x);
    const npy_intp* n = PyArray_DIMS(x);
    require_shape(beta, {n[3]}, "batch norm: beta");
    require_shape(gamma, {n[3]}, "batch norm: gamma");
    if (has_residual) require_shape(residual, {n[0], n[1], n[2], n[3]}, "batch norm: the residual");
    Contiguous in(x), shift_by(beta), scale_by(gamma), sum_with(residual);
    const float *from = in.data(), *added = has_residual ? sum_with.data() : nullptr;
    float* to = output(y, {n[0], n[1], n[2], n[3]});
    float* m = output(mean, {n[3]});
    float* s = output(inv_std, {n[3]});
    const float *b = shift_by.data(), *g = scale_by.data();
    const int threads = thread_count();

    PythonReleased python;
    const long long channels = rows.channels;
    const std::vector<double> sum =
        sum_rows(rows, channels, threads, [&](long long row, float* sums) {
          const float* cell = from + row * channels;
          for (long long c = 0; c < channels; ++c) sums[c] += cell[c];
        });
    for (long long c = 0; c < channels; ++c) m[c] = float(sum[c] / rows.count);
    const std::vector<double> squares =
        sum_rows(rows, channels, threads, [&](long long row, float* sums) {
          const float* cell = from + row * channels;
          for (long long c = 0; c < channels; ++c) sums[c] += (cell[c] - m[c]) * (cell[c] - m[c]);
        });
    std::vector<float> scale(channels), shift(channels);
    for (long long c = 0; c < channels; ++c) {
      s[c] = float(1 / std::sqrt(squares[c] / rows.count + epsilon));
      scale[c] = g[c] * s[c];
      shift[c] = b[c] - m[c] * scale[c];
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (long long row = 0; row < rows.count; ++row) {
      const float* cell = from + row * channels;
      float* result = to + row * channels;
      for (long long c = 0; c < channels; ++c) result[c] = cell[c] * scale[c] + shift[c];
      if (added)
        for (long long c = 0; c < channels; ++c) result[c] += added[row * channels + c];
      if (relu)
        for (long long c = 0; c < channels; ++c) result[c] = result[c] < 0 ? 0.f : result[c];
    }
  });
}

// From the gradient `g` after ReLU: those by x, beta and gamma (equation block of section 3).
inline int batch_norm_gradients(PyArrayObject* x, PyArrayObject* gamma, PyArrayObject* mean,
                                PyArrayObject* inv_std, PyArrayObject* gradient, PyArrayObject** dx,
                                PyArrayObject** dbeta, PyArrayObject** dgamma) {
  return guarded([&] {
    refuse_empty(x, "batch norm: the input");
    const Rows rows(x);
    const npy_intp* n = PyArray_DIMS(x);
    require_shape(gradient, {n[0], n[1], n[2], n[3]}, "batch norm: the gradient by the output");
    for (PyArrayObject* vector : {gamma, mean, inv_std})
      require_shape(vector, {n[3]}, "batch norm: a vector");
    Contiguous in(x), scale_by(gamma), means(mean), inv_stds(inv_std), incoming(gradient);
    const float *from = in.data(), *d = incoming.data();
    const float *g = scale_by.data(), *m = means.data(), *s = inv_stds.data();
    float* to = output(dx, {n[0], n[1], n[2], n[3]});
    float* db = output(dbeta, {n[3]});
    float* dg = output(dgamma, {n[3]});
    const int threads = thread_count();

    PythonReleased python;
    const long long channels = rows.channels;
    const std::vector<double> sums =
        sum_rows(rows, 2 * channels, threads, [&](long long row, float* sums) {
          const float *cell = from + row * channels, *part = d + row * channels;
          for (long long c = 0; c < channels; ++c) {
            sums[c] += part[c];
            sums[channels + c] += part[c] * (cell[c] - m[c]) * s[c];
          }
        });
    std::vector<float> offset(channels), slope(channels);
    for (long long c = 0; c < channels; ++c) {
      db[c] = float(sums[c]);
      dg[c] = float(sums[channels + c]);
      offset[c] = float(sums[c] / rows.count);
      slope[c] = float(sums[channels + c] / rows.count) * s[c];
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (long long row = 0; row < rows.count; ++row) {
      const float *cell = from + row * channels, *part = d + row * channels;
      float* result = to + row * channels;
      for (long long c = 0; c < channels; ++c)
        result[c] = g[c] * s[c] * (part[c] - offset[c] - (cell[c] - m[c]) * slope[c]);
    }
  });
}

}  // namespace conus
