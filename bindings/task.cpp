#include "task.hpp"

#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "environment.hpp"

namespace ridgeflow::bindings {
namespace {

struct Failure {
  std::string code;  // empty: none
  std::string message;
};

Failure attempt(const std::function<void(Control&)>& kernel, Control& control) {
  try {
    control.check();
    kernel(control);
    return {};
  } catch (const Aborted&) {
    return {"ABORTED", "The call was aborted"};
  } catch (const std::bad_alloc&) {
    return {"OUT_OF_MEMORY", "The kernel could not allocate its working memory"};
  } catch (const std::exception& error) {
    return {"KERNEL_FAILED", error.what()};
  }
}

Napi::Error toError(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  return error;
}

class Task : public Call {
 public:
  Task(const Arguments& arguments, std::int32_t* cells, std::function<void(Control&)> kernel)
      : env_(arguments.env()),
        deferred_(arguments.env()),
        arrays_(Napi::Persistent(arguments.arrays())),
        copies_(arguments.copies()),
        cells_(cells == nullptr ? ownCells_ : cells),
        control_(cells_),
        kernel_(std::move(kernel)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void run() noexcept override { failure_ = attempt(kernel_, control_); }

  void stop() noexcept override { std::atomic_ref<std::int32_t>(cells_[0]).store(1, std::memory_order_relaxed); }

  void settle() noexcept override {
    try {
      const Napi::HandleScope scope(env_);
      if (copies_) copies_->writeBack();
      if (failure_.code.empty()) {
        deferred_.Resolve(env_.Undefined());
      } else {
        deferred_.Reject(toError(env_, failure_).Value());
      }
    } catch (...) {
      // The environment is on its way down, as that of a worker thread that was terminated: nobody is left to tell.
    }
  }

 private:
  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  Napi::Reference<Napi::Array> arrays_;
  std::shared_ptr<ArrayCopies> copies_;  // what the kernel works on where memory cannot be held
  /// Abort and progress, where the caller has given no cells: the end of the environment stops every kernel.
  std::int32_t ownCells_[2] = {0, 0};
  std::int32_t* cells_;
  Control control_;
  std::function<void(Control&)> kernel_;
  Failure failure_;
};

}  // namespace

Napi::Value run(const Arguments& arguments, double work, std::function<void(Control&)> kernel) {
  std::int32_t* cells = arguments.cells("control");
  if (work <= inlineWork) {
    Control control(cells);
    const Failure failure = attempt(kernel, control);
    if (!failure.code.empty()) throw toError(arguments.env(), failure);
    return arguments.env().Undefined();
  }
  arguments.keepMemory();
  auto task = std::make_unique<Task>(arguments, cells, std::move(kernel));
  const Napi::Promise promise = task->promise();
  Environment::of(arguments.env()).start(std::move(task));
  return promise;
}

}  // namespace ridgeflow::bindings
