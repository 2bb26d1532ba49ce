#include "messenger.hpp"

#include <future>
#include <thread>
#include <utility>

namespace ridgeflow::bindings {

Messenger& Messenger::instance() {
  static Messenger* messenger = new Messenger();
  return *messenger;
}

Messenger::Messenger() { std::thread([this] { serve(); }).detach(); }

void Messenger::post(std::function<void()> work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  queue_.push_back(std::move(work));
  posted_.notify_one();
}

void Messenger::run(const std::function<void()>& work) {
  std::promise<void> done;
  post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

void Messenger::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    posted_.wait(lock, [this] { return !queue_.empty(); });
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace ridgeflow::bindings
