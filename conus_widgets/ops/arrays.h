// NumPy's arrays: their shapes, copies that lie in one piece, and outputs, which lie in a heap.

namespace conus {

inline std::string shape(PyArrayObject* array) {
  std::string text;
  for (int i = 0; i < PyArray_NDIM(array); ++i)
    text += format(i ? "x%lld" : "%lld", (long long)PyArray_DIM(array, i));
  return text;
}

inline void refuse_empty(PyArrayObject* array, const char* what) {
  if (PyArray_SIZE(array) == 0)
    throw ShapeError(format("%s is empty: its shape is %s.", what, shape(array).c_str()));
}

inline void require_shape(PyArrayObject* array, std::initializer_list<npy_intp> wanted,
                          const char* what) {
  if (PyArray_NDIM(array) == int(wanted.size()) &&
      std::equal(wanted.begin(), wanted.end(), PyArray_DIMS(array)))
    return;
  std::string text;
  for (npy_intp length : wanted) text += format(text.empty() ? "%lld" : "x%lld", (long long)length);
  throw ShapeError(
      format("%s has shape %s where %s is needed.", what, shape(array).c_str(), text.c_str()));
}

// How NumPy gets the memory of an array, and gives it back when the array goes.
inline PyObject* memory_of_layers() {
  static PyDataMem_Handler how = {
      "conus_widgets",
      1,
      {nullptr, [](void*, size_t bytes) { return Heaps::used()->layers.take(bytes); },
       [](void*, size_t count, size_t each) {
         void* made = Heaps::used()->layers.take(count * each);
         return made ? std::memset(made, 0, count * each) : nullptr;
       },
       [](void*, void* block, size_t bytes) {
         Heap& heap = Heaps::used()->layers;
         void* made = heap.take(bytes);
         if (made && block) {
           std::memcpy(made, block, std::min(bytes, heap.size_of(block)));
           heap.give(block);
         }
         return made;
       },
       [](void*, void* block, size_t) { Heaps::used()->layers.give(block); }}};
  static PyObject* made = PyCapsule_New(&how, "mem_handler", nullptr);
  if (!made) throw PythonError();
  return made;
}

// While this lives, new arrays lie in the heap for layers, unless they are small.
class InHeap {
 public:
  explicit InHeap(npy_intp numbers) {
    if (numbers < least) return;
    before_ = PyDataMem_SetHandler(memory_of_layers());
    if (!before_) throw PythonError();
  }
  InHeap(const InHeap&) = delete;
  ~InHeap() {
    if (!before_) return;
    Py_XDECREF(PyDataMem_SetHandler(before_));
    Py_DECREF(before_);
  }

 private:
  static constexpr npy_intp least = 16 << 10;
  PyObject* before_ = nullptr;
};

// An array whose numbers lie one after another: the array itself, or a copy if it is a view.
class Contiguous {
 public:
  explicit Contiguous(PyArrayObject* array)
      : array_(in_planes(array) ? interleaved(array) : PyArray_GETCONTIGUOUS(array)) {
    if (!array_) throw PythonError();
  }
  Contiguous(const Contiguous&) = delete;
  ~Contiguous() { Py_DECREF(array_); }
  PyArrayObject* array() const { return array_; }
  template <typename Number = float>
  Number* data() const {
    return static_cast<Number*>(PyArray_DATA(array_));
  }

 private:
  // Photographs come in planes (NCHW), and are looked at as NHWC.
  static bool in_planes(PyArrayObject* array) {
    return PyArray_TYPE(array) == NPY_FLOAT32 && PyArray_NDIM(array) == 4 &&
           PyArray_ISBEHAVED_RO(array) && PyArray_DIM(array, 3) > 1 && PyArray_DIM(array, 3) <= 4 &&
           PyArray_STRIDE(array, 2) == sizeof(float);
  }

  // Plane by plane in each row: NumPy goes from plane to plane for each number, and takes five
  // times as long.
  static PyArrayObject* interleaved(PyArrayObject* array) {
    const npy_intp *n = PyArray_DIMS(array), *strides = PyArray_STRIDES(array);
    const InHeap heap(PyArray_SIZE(array));
    auto* copy = reinterpret_cast<PyArrayObject*>(
        PyArray_EMPTY(4, const_cast<npy_intp*>(n), NPY_FLOAT32, 0));
    if (!copy) return nullptr;
    float* to = static_cast<float*>(PyArray_DATA(copy));
    for (npy_intp image = 0; image < n[0]; ++image)
      for (npy_intp row = 0; row < n[1]; ++row, to += n[2] * n[3])
        for (npy_intp c = 0; c < n[3]; ++c) {
          const char* at = PyArray_BYTES(array) + image * strides[0] + row * strides[1];
          auto* from = reinterpret_cast<const float*>(at + c * strides[3]);
          for (npy_intp column = 0; column < n[2]; ++column) to[column * n[3] + c] = from[column];
        }
    return copy;
  }

  PyArrayObject* array_;
};

// The output array, made anew unless the last call's has the right shape.
inline void* output_of(PyArrayObject** array, std::initializer_list<npy_intp> wanted, int type) {
  PyArrayObject* last = *array;
  bool fits = last && PyArray_NDIM(last) == int(wanted.size()) && PyArray_ISCARRAY(last) &&
              std::equal(wanted.begin(), wanted.end(), PyArray_DIMS(last));
  if (!fits) {
    Py_CLEAR(*array);
    npy_intp dims[4] = {}, count = 1;
    std::copy(wanted.begin(), wanted.end(), dims);
    for (npy_intp length : wanted) count *= length;
    const InHeap heap(count);
    *array = reinterpret_cast<PyArrayObject*>(PyArray_EMPTY(int(wanted.size()), dims, type, 0));
    if (!*array) throw PythonError();
  }
  return PyArray_DATA(*array);
}

inline float* output(PyArrayObject** array, std::initializer_list<npy_intp> wanted) {
  return static_cast<float*>(output_of(array, wanted, NPY_FLOAT32));
}

// ---- one heap for all modules ------------------------------------------------------------------

inline PyObject* give_back(PyObject* heaps, PyObject*) {
  auto* all = static_cast<Heaps*>(PyCapsule_GetPointer(heaps, nullptr));
  if (!all) return nullptr;
  all->layers.give_back();
  all->weights.give_back();
  Py_RETURN_NONE;
}

// Each Op is a module of its own. The first that is loaded leaves its heaps with Python, as the
// function that gives memory back; the others use them. If that fails, a module keeps its own.
inline void share_heaps() {
  static PyMethodDef method = {"give_back", give_back, METH_NOARGS, nullptr};
  PyObject* home = PyImport_ImportModule("conus_widgets.machine.heap");
  PyObject* shared = home ? PyObject_GetAttrString(home, "give_layers_back") : nullptr;
  if (shared && PyCFunction_Check(shared)) {
    void* found = PyCapsule_GetPointer(PyCFunction_GetSelf(shared), nullptr);
    if (found) Heaps::used() = static_cast<Heaps*>(found);
  } else if (shared) {
    Heaps::used()->survive_forks();
    PyObject* capsule = PyCapsule_New(Heaps::used(), nullptr, nullptr);
    PyObject* made = capsule ? PyCFunction_New(&method, capsule) : nullptr;
    if (made) PyObject_SetAttrString(home, "give_layers_back", made);
    Py_XDECREF(made);
    Py_XDECREF(capsule);
  }
  Py_XDECREF(shared);
  Py_XDECREF(home);
  PyErr_Clear();
}

}  // namespace conus
