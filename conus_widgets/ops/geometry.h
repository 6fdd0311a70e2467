// What a convolution is computed of: sizes, stride, padding, what is fused, how many threads.

namespace conus {

// All that decides which kernel is used.
struct Geometry {
  long long batch, height, width, channels, filters, kernel_height, kernel_width, stride, pad;
  long long relu, residual, bfloat16, threads;

  bool operator==(const Geometry& other) const {
    return !std::memcmp(this, &other, sizeof other);  // all long long: no gaps
  }
  long long out_height() const { return (height + 2 * pad - kernel_height) / stride + 1; }
  long long out_width() const { return (width + 2 * pad - kernel_width) / stride + 1; }

  dnnl_data_type_t type() const { return bfloat16 ? dnnl_bf16 : dnnl_f32; }
  Layout input() const { return layout({batch, channels, height, width}, dnnl_nhwc, type()); }
  Layout output() const {
    return layout({batch, filters, out_height(), out_width()}, dnnl_nhwc, type());
  }
  Layout weights(dnnl_format_tag_t tag, dnnl_data_type_t of) const {
    return layout({filters, channels, kernel_height, kernel_width}, tag, of);
  }
  Layout bias() const { return layout({filters}, dnnl_x); }
};

inline Geometry geometry(PyArrayObject* x, PyArrayObject* weights, long long stride, long long pad,
                         bool relu = false, bool residual = false) {
  refuse_empty(x, "convolution: the input");
  refuse_empty(weights, "convolution: the weights");
  const npy_intp *in = PyArray_DIMS(x), *w = PyArray_DIMS(weights);
  if (in[3] != w[1])
    throw ShapeError(
        format("convolution: the input has %lld channels (%s, channels last) but the "
               "weights (%s) take %lld.",
               (long long)in[3], shape(x).c_str(), shape(weights).c_str(), (long long)w[1]));
  if (in[1] + 2 * pad < w[2] || in[2] + 2 * pad < w[3])
    throw ShapeError(
        format("convolution: the input (%s, padded by %lld) is smaller than the "
               "%lldx%lld kernel.",
               shape(x).c_str(), pad, (long long)w[2], (long long)w[3]));
  const bool bfloat16 = PyArray_TYPE(x) == NPY_UINT16;
  return {in[0],  in[1], in[2], in[3],    w[0],     w[2],          w[3],
          stride, pad,   relu,  residual, bfloat16, thread_count()};
}

}  // namespace conus
