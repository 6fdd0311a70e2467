// What every Op here needs: errors, owned handles of oneDNN's C interface, arrays, threads.
//
// Everything below the line where Python's lock is released throws C++ exceptions; `guarded`
// turns them into Python's at the one place where the lock is held again. Destructors do all of
// the freeing, so no path leaks.

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace conus {

// ---- errors ------------------------------------------------------------------------------------

struct ShapeError : std::runtime_error {  // becomes ValueError
  using std::runtime_error::runtime_error;
};
struct PythonError {};  // Python's error is set already

__attribute__((format(printf, 1, 2))) inline std::string format(const char* pattern, ...) {
  char text[512];
  va_list values;
  va_start(values, pattern);
  std::vsnprintf(text, sizeof text, pattern, values);
  va_end(values);
  return text;
}

inline void check(dnnl_status_t status, const char* what) {
  if (status == dnnl_success) return;
  if (status == dnnl_out_of_memory) throw std::bad_alloc();
  throw std::runtime_error(format("oneDNN: %s failed (%s)", what, dnnl_status2str(status)));
}

template <typename Work>
int guarded(Work work) {
  try {
    work();
    return 0;
  } catch (const PythonError&) {
  } catch (const ShapeError& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return 1;
}

// ---- handles -----------------------------------------------------------------------------------

template <typename Handle, dnnl_status_t (*destroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (handle_) destroy(handle_);
  }
  operator Handle() const { return handle_; }
  Handle* out() { return &handle_; }  // where a function of the C interface writes; once only

 private:
  Handle handle_ = nullptr;
};

using Layout = Owned<dnnl_memory_desc_t, dnnl_memory_desc_destroy>;
using Memory = Owned<dnnl_memory_t, dnnl_memory_destroy>;
using Attributes = Owned<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;
using PostOps = Owned<dnnl_post_ops_t, dnnl_post_ops_destroy>;
using Choice = Owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;  // of a kernel
using Kernel = Owned<dnnl_primitive_t, dnnl_primitive_destroy>;
using Stream = Owned<dnnl_stream_t, dnnl_stream_destroy>;

inline dnnl_engine_t engine() {  // lives as long as the process
  static dnnl_engine_t cpu = [] {
    dnnl_engine_t made = nullptr;
    check(dnnl_engine_create(&made, dnnl_cpu, 0), "starting");
    return made;
  }();
  return cpu;
}

inline Layout layout(std::initializer_list<dnnl_dim_t> shape, dnnl_format_tag_t tag,
                     dnnl_data_type_t type = dnnl_f32) {
  dnnl_dims_t dims = {};
  std::copy(shape.begin(), shape.end(), dims);
  Layout made;
  check(dnnl_memory_desc_create_with_tag(made.out(), int(shape.size()), dims, type, tag),
        "describing an array");
  return made;
}

// Memory of a layout: at an address, at one to be given later (DNNL_MEMORY_NONE), or its own
// (DNNL_MEMORY_ALLOCATE).
inline Memory memory(const_dnnl_memory_desc_t layout, void* where) {
  Memory made;
  check(dnnl_memory_create(made.out(), layout, engine(), where), "making memory");
  return made;
}

inline void point(dnnl_memory_t memory, const void* where) {
  check(dnnl_memory_set_data_handle(memory, const_cast<void*>(where)), "setting an address");
}

// Our scratch memory, not oneDNN's: its own belongs to the thread that made a kernel, and a
// notebook compiles in one thread and computes in another. Grows to the largest kernel's need.
inline void* scratch(size_t bytes) {
  thread_local std::unique_ptr<Block> block;
  thread_local size_t size = 0;
  if (bytes > size) {
    block.reset();
    size = 0;
    block = std::make_unique<Block>(Heaps::used()->layers, bytes);
    size = bytes;
  }
  return block->data();
}

inline Attributes own_scratch() {
  Attributes made;
  check(dnnl_primitive_attr_create(made.out()), "making attributes");
  check(dnnl_primitive_attr_set_scratchpad_mode(made, dnnl_scratchpad_mode_user), "scratch mode");
  return made;
}

inline const_dnnl_memory_desc_t chosen(dnnl_primitive_desc_t choice, dnnl_query_t which) {
  return dnnl_primitive_desc_query_md(choice, which, 0);
}

// What a kernel is given, each with its role.
class Arguments {
 public:
  Arguments(std::initializer_list<dnnl_exec_arg_t> first) {
    for (const dnnl_exec_arg_t& argument : first) add(argument);
  }
  void add(const dnnl_exec_arg_t& argument) { all_.at(count_++) = argument; }
  const dnnl_exec_arg_t* all() const { return all_.data(); }
  int count() const { return count_; }

 private:
  std::array<dnnl_exec_arg_t, 6> all_;  // a convolution's: it has the most
  int count_ = 0;
};

// A kernel, and the scratch memory that it wants.
class Computation {
 public:
  Computation() = default;
  explicit Computation(dnnl_primitive_desc_t choice) {
    check(dnnl_primitive_create(kernel_.out(), choice), "making a kernel");
    const_dnnl_memory_desc_t need = chosen(choice, dnnl_query_scratchpad_md);
    bytes_ = dnnl_memory_desc_get_size(need);
    scratch_ = memory(need, DNNL_MEMORY_NONE);
  }

  void run(Arguments arguments) const {
    if (bytes_) {
      check(dnnl_memory_set_data_handle(scratch_, scratch(bytes_)), "setting scratch memory");
      arguments.add({DNNL_ARG_SCRATCHPAD, scratch_});
    }
    Stream stream;
    check(dnnl_stream_create(stream.out(), engine(), dnnl_stream_in_order), "making a stream");
    check(dnnl_primitive_execute(kernel_, stream, arguments.count(), arguments.all()), "computing");
    check(dnnl_stream_wait(stream), "waiting");
  }

 private:
  Kernel kernel_;
  Memory scratch_;
  size_t bytes_ = 0;
};

// Copies between two layouts of the same array.
inline Computation reorder(const_dnnl_memory_desc_t from, const_dnnl_memory_desc_t to) {
  Attributes attributes = own_scratch();
  Choice choice;
  check(dnnl_reorder_primitive_desc_create(choice.out(), from, engine(), to, engine(), attributes),
        "choosing a reorder");
  return Computation(choice);
}

// ---- threads -----------------------------------------------------------------------------------

// The number set by `ops.use_threads`, or as many as OpenMP will give: oneDNN leaves out a part of
// the sums, and says nothing, where it gets fewer than were agreed on. Asked at each call, because
// OpenMP keeps a number for each calling thread: one set in the main thread would not be heard in a
// worker.
inline int thread_count() {
  static PyObject *module = nullptr, *name = nullptr;
  if (!module) module = PyImport_ImportModule("conus_widgets.ops.onednn");
  if (!name) name = PyUnicode_InternFromString("thread_count");
  PyObject* value = module && name ? PyObject_GetAttr(module, name) : nullptr;
  if (!value) throw PythonError();
  long count = PyLong_AsLong(value);
  Py_DECREF(value);
  if (count == -1 && PyErr_Occurred()) throw PythonError();
  if (omp_get_max_active_levels() < 1) return 1;
  return int(std::min({count, long(omp_get_thread_limit()), long(Forks::most())}));
}

// While this lives, OpenMP uses so many threads, and never fewer, for what this thread computes.
class Threads {
 public:
  explicit Threads(int count) : before_(omp_get_max_threads()), dynamic_(omp_get_dynamic()) {
    omp_set_dynamic(0);
    omp_set_num_threads(count);
  }
  Threads(const Threads&) = delete;
  ~Threads() {
    omp_set_num_threads(before_);
    omp_set_dynamic(dynamic_);
  }

 private:
  int before_, dynamic_;
};

// While this lives, other Python threads run and no fork takes place; nothing of Python's may be
// touched.
class PythonReleased {
 public:
  PythonReleased() : state_(PyEval_SaveThread()), computing_(Forks::gate()) {}
  PythonReleased(const PythonReleased&) = delete;
  ~PythonReleased() {
    computing_.unlock();
    PyEval_RestoreThread(state_);
  }

 private:
  PyThreadState* state_;
  std::shared_lock<std::shared_mutex> computing_;
};

}  // namespace conus
