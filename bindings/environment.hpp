#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include <napi.h>

#include "crew.hpp"

namespace ridgeflow::bindings {

class Environment;

/// A job of an environment, whose end is told on its thread.
class Call : public Job {
 public:
  void finish() noexcept final;
  const void* owner() const noexcept final { return environment_; }
  /// Tells JavaScript how the job ended. On the thread of the environment.
  virtual void settle() noexcept = 0;

 private:
  friend class Environment;
  Environment* environment_ = nullptr;
};

/// What the addon knows of one environment of Node.js, that of the main thread or of a worker: its calls that are under
/// way. They keep the event loop alive. When the environment goes down they are stopped, and it waits until none of them
/// touches its memory any more.
class Environment {
 public:
  /// That of `env`, made where it is the first call. Throws Napi::Error.
  static Environment& of(Napi::Env env);

  /// Runs the call on the crew, and then settles and deletes it. Throws std::system_error, Napi::Error.
  void start(std::unique_ptr<Call> call);

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  friend class Call;
  explicit Environment(Napi::Env env);
  void finished(Call* call) noexcept;
  void settleFinished() noexcept;
  void goDown() noexcept;

  Napi::Env env_;
  napi_threadsafe_function wake_ = nullptr;
  /// Calls under way; on the thread of the environment only.
  std::size_t pending_ = 0;
  std::mutex mutex_;
  std::condition_variable quiet_;
  /// Calls that the crew has.
  std::size_t begun_ = 0;
  std::vector<Call*> finished_;
};

}  // namespace ridgeflow::bindings
