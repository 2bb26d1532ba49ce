// Every function takes one object (see Arguments); arrays in it are read or written. ts/kernel/mpi/addon.ts mirrors this
// list with types. All but `abort` and `bytesSent` return promises, and `endNow`, which waits.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <napi.h>

#include "arguments.hpp"
#include "guard.hpp"
#include "messenger.hpp"
#include "ranks.hpp"

namespace ridgeflow::bindings {
namespace {

using Finish = std::function<Napi::Value(Napi::Env)>;

/// One operation: its work on the messenger's thread, its result on that of the event loop.
struct Operation {
  Napi::Promise::Deferred deferred;
  Napi::Reference<Napi::Array> arrays;
  std::function<void()> work;
  Finish result;
  std::string failure;
  Napi::ThreadSafeFunction done;
  std::shared_ptr<ArrayCopies> copies;  // of the arrays, where their memory cannot be held
};

void settle(Operation& operation) noexcept {
  try {
    const Napi::Env env = operation.deferred.Env();
    const Napi::HandleScope scope(env);
    if (operation.copies) operation.copies->writeBack();
    if (operation.failure.empty()) operation.deferred.Resolve(operation.result ? operation.result(env) : env.Undefined());
    else operation.deferred.Reject(Napi::Error::New(env, operation.failure).Value());
  } catch (...) {
    // The environment is on its way down: nobody is left to tell.
  }
}

Napi::Value post(Napi::Env env, const Arguments* arguments, std::function<void()> work, Finish result = nullptr) {
  if (arguments != nullptr) arguments->keepMemory();
  // It keeps the event loop alive, and the memory of the arrays, until the operation is over.
  auto operation = std::make_shared<Operation>(
      Operation{Napi::Promise::Deferred::New(env), {}, std::move(work), std::move(result), {}, {}, {}});
  if (arguments != nullptr) {
    operation->arrays = Napi::Persistent(arguments->arrays());
    operation->copies = arguments->copies();
  }
  operation->done = Napi::ThreadSafeFunction::New(env, Napi::Function(), "ridgeflow mpi", 0, 1);
  const Napi::Value promise = operation->deferred.Promise();
  Messenger::instance().post([operation = std::move(operation)]() mutable {
    try {
      operation->work();
    } catch (const std::exception& error) {
      operation->failure = error.what();
    }
    Napi::ThreadSafeFunction done = operation->done;
    // The last owner must be the event loop's thread: references of JavaScript are given up there.
    auto* owned = new std::shared_ptr<Operation>(std::move(operation));
    done.NonBlockingCall(owned, [](Napi::Env, Napi::Function, std::shared_ptr<Operation>* held) {
      settle(**held);
      delete held;
    });
    done.Release();
  });
  return promise;
}

Napi::Value start(const Napi::CallbackInfo& info) {
  auto world = std::make_shared<mpi::World>();
  return post(info.Env(), nullptr, [world] { *world = mpi::start(); }, [world](Napi::Env env) -> Napi::Value {
    Napi::Object result = Napi::Object::New(env);
    result.Set("rank", world->rank);
    result.Set("size", world->size);
    result.Set("host", world->host);
    return result;
  });
}

std::span<const std::int32_t> countsOf(const Arguments& arguments, const char* name, std::size_t bytes) {
  const std::span<std::byte> counts = arguments.bytes(name);
  const std::span<const std::int32_t> values(reinterpret_cast<const std::int32_t*>(counts.data()), counts.size() / 4);
  std::size_t total = 0;
  for (const std::int32_t value : values) {
    if (value < 0) arguments.fail(name, "numbers of bytes");
    total += static_cast<std::size_t>(value);
  }
  if (total != bytes) arguments.fail(name, "numbers of bytes that sum to those of the array");
  return values;
}

Napi::Value gather(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto sent = arguments.bytes("sent"), received = arguments.bytes("received");
  return post(info.Env(), &arguments, [=] { mpi::gather(sent, received); });
}

Napi::Value gatherParts(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto sent = arguments.bytes("sent"), received = arguments.bytes("received");
  const auto counts = countsOf(arguments, "counts", received.size());
  return post(info.Env(), &arguments, [=] { mpi::gatherParts(sent, received, counts); });
}

Napi::Value swapParts(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto sent = arguments.bytes("sent"), received = arguments.bytes("received");
  const auto sentCounts = countsOf(arguments, "sentCounts", sent.size());
  const auto receivedCounts = countsOf(arguments, "receivedCounts", received.size());
  return post(info.Env(), &arguments, [=] { mpi::swapParts(sent, sentCounts, received, receivedCounts); });
}

Napi::Value sum(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  if (!arguments.isFloat64("values")) arguments.fail("values", "a Float64Array");
  const auto bytes = arguments.bytes("values");
  const std::span<double> values(reinterpret_cast<double*>(bytes.data()), bytes.size() / sizeof(double));
  return post(info.Env(), &arguments, [=] { mpi::sum(values); });
}

Napi::Value pass(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto sent = arguments.bytes("sent"), received = arguments.bytes("received");
  return post(info.Env(), &arguments, [=] { mpi::pass(sent, received); });
}

Napi::Value end(const Napi::CallbackInfo& info) {
  return post(info.Env(), nullptr, [] { mpi::end(); });
}

Napi::Value endNow(const Napi::CallbackInfo& info) {
  Messenger::instance().run([] { mpi::end(); });
  return info.Env().Undefined();
}

/// Takes the exit code. Does not return.
Napi::Value abortRun(const Napi::CallbackInfo& info) {
  mpi::askToAbort(info[0].ToNumber().Int32Value());
  Messenger::instance().run([] { mpi::abort(); });
  return info.Env().Undefined();
}

Napi::Value bytesSent(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), mpi::bytesSent()); }

constexpr Export kExports[] = {
    {"start", guarded<start>},   {"gather", guarded<gather>}, {"gatherParts", guarded<gatherParts>},
    {"swapParts", guarded<swapParts>}, {"sum", guarded<sum>}, {"pass", guarded<pass>},
    {"end", guarded<end>},       {"endNow", guarded<endNow>}, {"abort", guarded<abortRun>},
    {"bytesSent", guarded<bytesSent>},
};

}  // namespace
}  // namespace ridgeflow::bindings

NAPI_MODULE_INIT() { return ridgeflow::bindings::exportFunctions(env, exports, ridgeflow::bindings::kExports); }
