// Convolution of channels-last images, fused with bias, residual sum and ReLU; its gradients.
//
// Images are NHWC, of float32 or (as 16-bit words, forward only) of bfloat16; weights are OIHW
// float32, unflipped, and packed as whatever the images are. oneDNN always counts an image's axes
// as NCHW; `nhwc` names only the order in memory. Anything but NHWC in memory is copied first:
// oneDNN would take it silently with its reference kernel, a hundred times slower.

namespace conus {

// A convolution by an algorithm of ours, with its weights.
template <typename Number>
class Own {
 public:
  Own(std::unique_ptr<Algorithm<Number>> algorithm = nullptr) : algorithm_(std::move(algorithm)) {}

  explicit operator bool() const { return bool(algorithm_); }
  bool packed() const { return bool(weights_); }
  void pack(const Fingerprint& content, const float* plain) {
    weights_ = Packed<Transformed<Number>>::copy(content, plain, {algorithm_});
  }
  void forget() { weights_.reset(); }
  void run(const Number* x, const Finish<Number>& finish, Number* y) const {
    algorithm_->run(x, weights_->data(), finish, y);
  }

 private:
  std::shared_ptr<const Algorithm<Number>> algorithm_;
  typename Packed<Transformed<Number>>::Copy weights_;
};

// One of the three directions, prepared for one geometry.
class Plan {
 public:
  enum Direction { forward, input_gradient, weight_gradient };

  Plan(Direction direction, const Geometry& g)
      : geometry(g),
        plain(g.weights(dnnl_oihw, dnnl_f32)),
        own(direction == weight_gradient ? nullptr
                                         : choose_algorithm(g, direction == input_gradient)),
        own_words(direction == forward ? choose_for_words(g) : nullptr) {
    if (own || own_words) return;
    Attributes attributes = own_scratch();
    Layout x = g.input(), y = g.output(), any = g.weights(dnnl_format_tag_any, g.type());
    Layout b = g.bias();
    if (direction == forward) fuse(attributes, y);
    const Choice ahead =
        direction == forward ? Choice() : choose_forward(x, any, nullptr, y, attributes);
    const auto choose = [&] {
      return direction == forward ? choose_forward(x, any, b, y, attributes)
                                  : choose_back(direction, ahead, x, any, b, y, attributes);
    };
    Choice choice = mended(choose, g.kernel_height == 1 && g.kernel_width == 1,
                           direction == input_gradient && g.channels == 3);
    computation = Computation(choice);
    check(dnnl_memory_desc_clone(
              wanted.out(), chosen(choice, direction == weight_gradient ? dnnl_query_diff_weights_md
                                                                        : dnnl_query_weights_md)),
          "describing weights");
    input = memory(x, DNNL_MEMORY_NONE);
    output = memory(y, DNNL_MEMORY_NONE);
    residual = memory(y, DNNL_MEMORY_NONE);
    bias = memory(b, DNNL_MEMORY_NONE);
  }

  const Geometry geometry;
  const Layout plain;
  // By an algorithm of ours if there is one, of float32 or of words of bfloat16:
  Own<float> own;
  Own<npy_uint16> own_words;
  // Else by one of oneDNN's kernels:
  Layout wanted;  // of the weights
  Computation computation;
  Memory input, output, residual, bias;
  Packed<Reordered>::Copy weights;

  bool packed() const { return own.packed() || own_words.packed() || weights; }
  void pack(const Fingerprint& content, const float* data) {
    if (own)
      own.pack(content, data);
    else if (own_words)
      own_words.pack(content, data);
    else
      weights = Packed<Reordered>::copy(content, data, Reordered(plain, wanted));
  }
  void forget() {
    own.forget();
    own_words.forget();
    weights.reset();
  }

 private:
  struct Window {
    explicit Window(const Geometry& g) : strides{g.stride, g.stride}, pads{g.pad, g.pad} {}
    dnnl_dims_t strides, dilation = {0, 0}, pads;
  };

  // Without a bias: the hint that gradients are chosen by.
  Choice choose_forward(const_dnnl_memory_desc_t x, const_dnnl_memory_desc_t weights,
                        const_dnnl_memory_desc_t b, const_dnnl_memory_desc_t y,
                        const_dnnl_primitive_attr_t attributes) const {
    const Window w(geometry);
    Choice made;
    check(dnnl_convolution_forward_primitive_desc_create(
              made.out(), engine(), b ? dnnl_forward_inference : dnnl_forward_training,
              dnnl_convolution_direct, x, weights, b, y, w.strides, w.dilation, w.pads, w.pads,
              attributes),
          "choosing a convolution");
    return made;
  }

  Choice choose_back(Direction direction, const_dnnl_primitive_desc_t ahead,
                     const_dnnl_memory_desc_t x, const_dnnl_memory_desc_t weights,
                     const_dnnl_memory_desc_t b, const_dnnl_memory_desc_t y,
                     const_dnnl_primitive_attr_t attributes) const {
    const Window w(geometry);
    Choice made;
    check(direction == input_gradient
              ? dnnl_convolution_backward_data_primitive_desc_create(
                    made.out(), engine(), dnnl_convolution_direct, x, weights, y, w.strides,
                    w.dilation, w.pads, w.pads, ahead, attributes)
              : dnnl_convolution_backward_weights_primitive_desc_create(
                    made.out(), engine(), dnnl_convolution_direct, x, weights, b, y, w.strides,
                    w.dilation, w.pads, w.pads, ahead, attributes),
          "choosing a gradient");
    return made;
  }

  void fuse(dnnl_primitive_attr_t attributes, const_dnnl_memory_desc_t y) const {
    PostOps then;
    check(dnnl_post_ops_create(then.out()), "fusing");
    if (geometry.residual)
      check(dnnl_post_ops_append_binary(then, dnnl_binary_add, y), "fusing the residual sum");
    if (geometry.relu)
      check(dnnl_post_ops_append_eltwise(then, dnnl_eltwise_relu, 0.f, 0.f), "fusing ReLU");
    check(dnnl_primitive_attr_set_post_ops(attributes, then), "fusing");
  }
};

// What a node of a compiled function keeps between calls: plans for the shapes last seen.
class Convolution {
 public:
  static constexpr size_t kept = 8;

  Recognition recognition;
  std::mutex mutex;  // two threads may call the same function; held while a plan is in use

  Plan& plan(Plan::Direction direction, const Geometry& wanted) {
    auto found = std::find_if(plans_.begin(), plans_.end(),
                              [&](const auto& plan) { return plan->geometry == wanted; });
    if (found == plans_.end()) {
      auto made = std::make_unique<Plan>(direction, wanted);
      if (plans_.size() == kept) plans_.pop_back();
      plans_.push_back(std::move(made));
      found = plans_.end() - 1;
    }
    std::rotate(plans_.begin(), found, found + 1);  // the latest comes first
    return *plans_.front();
  }

  // The plan with packed weights; after a change of the weights no plan keeps the old ones.
  // `read` is set where the weights had to be read for that.
  Plan& plan(Plan::Direction direction, const Geometry& wanted, const Fingerprint& content,
             const float* weights, bool& read) {
    if (!(content == content_)) {
      for (auto& plan : plans_) plan->forget();
      content_ = content;
    }
    Plan& found = plan(direction, wanted);
    if (!found.packed()) {
      found.pack(content, weights);
      read = true;
    }
    return found;
  }

 private:
  std::vector<std::unique_ptr<Plan>> plans_;
  Fingerprint content_;
};

// y = conv(x, weights) + bias [+ residual] [ReLU]; an empty residual means none.
inline int convolve(Convolution& node, PyArrayObject* x, PyArrayObject* weights,
                    PyArrayObject* bias, PyArrayObject* residual, PyArrayObject** y,
                    long long stride, long long pad, bool relu, bool sum) {
  return guarded([&] {
    Geometry g = geometry(x, weights, stride, pad, relu, sum);
    require_shape(bias, {g.filters}, "convolution: the bias");
    std::initializer_list<npy_intp> out = {g.batch, g.out_height(), g.out_width(), g.filters};
    if (sum) require_shape(residual, out, "convolution: the residual");
    Contiguous from(x), w(weights), b(bias), r(residual);
    void* to = output_of(y, out, PyArray_TYPE(x));
    bool read;
    Fingerprint content = node.recognition.of(w.array(), read);
    {
      PythonReleased python;
      Threads threads(g.threads);
      std::lock_guard<std::mutex> lock(node.mutex);
      Plan& plan = node.plan(Plan::forward, g, content, w.data(), read);
      if (plan.own) {
        plan.own.run(from.data(), {b.data(), sum ? r.data() : nullptr, nullptr, relu},
                     static_cast<float*>(to));
      } else if (plan.own_words) {
        plan.own_words.run(from.data<npy_uint16>(),
                           {b.data(), sum ? r.data<npy_uint16>() : nullptr, nullptr, relu},
                           static_cast<npy_uint16*>(to));
      } else {
        point(plan.input, from.data());
        point(plan.bias, b.data());
        point(plan.output, to);
        Arguments arguments = {{DNNL_ARG_SRC, plan.input},
                               {DNNL_ARG_WEIGHTS, plan.weights->memory},
                               {DNNL_ARG_BIAS, plan.bias},
                               {DNNL_ARG_DST, plan.output}};
        if (sum) {
          point(plan.residual, r.data());
          arguments.add({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, plan.residual});
        }
        plan.computation.run(arguments);
      }
    }
    if (read) put_aside(w.array());
  });
}

// The gradient by x, given that by y, plus another gradient by x if it is a `sum`. Of x only the
// shape is used, unless it is `masked`: then x is what a ReLU gave, and the gradient is that by
// what went into it, 0 where x is not positive.
inline int convolution_input_gradient(Convolution& node, PyArrayObject* x, PyArrayObject* weights,
                                      PyArrayObject* dy, PyArrayObject* other, PyArrayObject** dx,
                                      long long stride, long long pad, bool masked, bool sum) {
  return guarded([&] {
    Geometry g = geometry(x, weights, stride, pad);
    require_shape(dy, {g.batch, g.out_height(), g.out_width(), g.filters},
                  "convolution: the gradient by the output");
    std::initializer_list<npy_intp> in = {g.batch, g.height, g.width, g.channels};
    if (sum) require_shape(other, in, "convolution: the other gradient by the input");
    Contiguous w(weights), from(dy), mask(masked ? x : dy), added(sum ? other : dy);
    const Finish<float> finish{nullptr, sum ? added.data() : nullptr,
                               masked ? mask.data() : nullptr, false};
    float* to = output(dx, in);
    bool read;
    Fingerprint content = node.recognition.of(w.array(), read);
    {
      PythonReleased python;
      Threads threads(g.threads);
      std::lock_guard<std::mutex> lock(node.mutex);
      Plan& plan = node.plan(Plan::input_gradient, g, content, w.data(), read);
      if (plan.own) {
        plan.own.run(from.data(), finish, to);
      } else {
        point(plan.output, from.data());
        point(plan.input, to);
        plan.computation.run({{DNNL_ARG_DIFF_DST, plan.output},
                              {DNNL_ARG_WEIGHTS, plan.weights->memory},
                              {DNNL_ARG_DIFF_SRC, plan.input}});
        finish_gradient(finish.residual, finish.positive, to, PyArray_SIZE(*dx), int(g.threads));
      }
    }
    if (read) put_aside(w.array());
  });
}

// The gradients by weights and bias; of the weights only the shape is used.
inline int convolution_weight_gradients(Convolution& node, PyArrayObject* x, PyArrayObject* weights,
                                        PyArrayObject* dy, PyArrayObject** dw, PyArrayObject** db,
                                        long long stride, long long pad) {
  return guarded([&] {
    Geometry g = geometry(x, weights, stride, pad);
    require_shape(dy, {g.batch, g.out_height(), g.out_width(), g.filters},
                  "convolution: the gradient by the output");
    Contiguous in(x), from(dy);
    float* to = output(dw, {g.filters, g.channels, g.kernel_height, g.kernel_width});
    float* to_bias = output(db, {g.filters});

    PythonReleased python;
    Threads threads(g.threads);
    std::lock_guard<std::mutex> lock(node.mutex);
    Plan& plan = node.plan(Plan::weight_gradient, g);
    Memory packed = memory(plan.wanted, DNNL_MEMORY_ALLOCATE), unpacked = memory(plan.plain, to);
    point(plan.input, in.data());
    point(plan.output, from.data());
    point(plan.bias, to_bias);
    plan.computation.run({{DNNL_ARG_SRC, plan.input},
                          {DNNL_ARG_DIFF_DST, plan.output},
                          {DNNL_ARG_DIFF_WEIGHTS, packed},
                          {DNNL_ARG_DIFF_BIAS, plan.bias}});
    reorder(plan.wanted, plan.plain).run({{DNNL_ARG_FROM, packed}, {DNNL_ARG_TO, unpacked}});
  });
}

}  // namespace conus
