#include "environment.hpp"

namespace ridgeflow::bindings {
namespace {

void check(Napi::Env env, napi_status status) {
  if (status != napi_ok) throw Napi::Error::New(env);
}

}  // namespace

void Call::finish() noexcept { environment_->finished(this); }

Environment& Environment::of(Napi::Env env) {
  void* known = nullptr;
  check(env, napi_get_instance_data(env, &known));
  if (known != nullptr) return *static_cast<Environment*>(known);
  auto made = std::unique_ptr<Environment>(new Environment(env));
  check(env, napi_set_instance_data(env, made.get(), nullptr, nullptr));
  // After the function above, whose own hook then runs after this one: hooks run last in, first out.
  check(env, napi_add_env_cleanup_hook(
                 env, [](void* self) { static_cast<Environment*>(self)->goDown(); }, made.get()));
  return *made.release();
}

Environment::Environment(Napi::Env env) : env_(env) {
  const auto wake = [](napi_env env, napi_value, void* self, void*) {
    // Without an environment it has gone down, and `self` with it.
    if (env != nullptr) static_cast<Environment*>(self)->settleFinished();
  };
  check(env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "ridgeflow"), 0, 1, nullptr,
                                             nullptr, this, wake, &wake_));
  check(env, napi_unref_threadsafe_function(env, wake_));
}

void Environment::start(std::unique_ptr<Call> call) {
  call->environment_ = this;
  if (pending_ == 0) check(env_, napi_ref_threadsafe_function(env_, wake_));
  ++pending_;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++begun_;
  }
  try {
    Crew::instance().post(call.get());
  } catch (...) {
    const std::lock_guard<std::mutex> lock(mutex_);
    --begun_;
    if (--pending_ == 0) napi_unref_threadsafe_function(env_, wake_);
    throw;
  }
  call.release();  // NOLINT: it is deleted when it has been settled
}

void Environment::finished(Call* call) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  finished_.push_back(call);
  // Under the lock: as soon as none is left that has begun, the environment may go down, and the function with it.
  napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
  --begun_;
  quiet_.notify_all();
}

void Environment::settleFinished() noexcept {
  std::vector<Call*> calls;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    calls.swap(finished_);
  }
  for (Call* call : calls) {
    call->settle();
    delete call;
  }
  pending_ -= calls.size();
  if (!calls.empty() && pending_ == 0) napi_unref_threadsafe_function(env_, wake_);
}

void Environment::goDown() noexcept {
  const std::vector<Job*> withdrawn = Crew::instance().withdraw(this);
  for (Job* job : withdrawn) delete job;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    begun_ -= withdrawn.size();
    quiet_.wait(lock, [this] { return begun_ == 0; });
    for (Call* call : finished_) delete call;
  }
  delete this;
}

}  // namespace ridgeflow::bindings
