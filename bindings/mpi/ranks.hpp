#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

// What ranks tell each other. Every function but `askToAbort` and `bytesSent` is called on the messenger's thread, between
// `start` and `end`, and by all ranks alike: it returns when the others have done their part. Waiting takes next to no
// processor time. An error of MPI itself ends the run.

namespace ridgeflow::mpi {

using Bytes = std::span<std::byte>;

struct World {
  int rank = 0;
  int size = 1;
  std::string host;
};

/// MPI_Init_thread, or what it gave the first time. Throws std::runtime_error where MPI has ended already.
World start();

/// What every rank sends, in the order of the ranks: `received` has room for `size` times as much.
void gather(Bytes sent, Bytes received);

/// The same for parts of different lengths: counts[r] bytes of rank r, below 2³¹ in all.
void gatherParts(Bytes sent, Bytes received, std::span<const std::int32_t> counts);

/// To every rank its part of `sent`, and from every rank a part of `received`, in the order of the ranks: counts in bytes,
/// below 2³¹ in all.
void swapParts(Bytes sent, std::span<const std::int32_t> sentCounts, Bytes received,
               std::span<const std::int32_t> receivedCounts);

/// values ← the sum over the ranks, added up in their order: the same bits on all of them, whatever the network.
void sum(std::span<double> values);

/// Sends to the next rank of the ring what comes in from the one before.
void pass(Bytes sent, Bytes received);

/// MPI_Finalize, as soon as all ranks have come to their ends. Ranks that are not there yet, and ask with `gather` and
/// `gatherParts` for the text of the present call, get "end".
void end();

/// From any thread: who waits for other ranks now calls `abort` instead.
void askToAbort(int code);

/// Ends all ranks, after `askToAbort`.
[[noreturn]] void abort();

/// Bytes that this rank has sent to others, without what MPI itself adds.
double bytesSent();

}  // namespace ridgeflow::mpi
