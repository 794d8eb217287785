// Frames in and out of one Linux interface, past the kernel's own protocols: AF_PACKET with
// sendmmsg and recvmmsg (packet(7)). One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "controlplane/api/unix_socket.hpp"
#include "controlplane/cli/storm/frame.hpp"

namespace weir::cli::storm {

class RawSocket {
 public:
  static constexpr std::size_t kBatch = 64;
  enum class Use { send, both };

  /// In the namespace of that name; "": in the thread's own. Throws CliError.
  RawSocket(const std::string& network_namespace, const std::string& interface, Use use);
  RawSocket(RawSocket&&) noexcept;
  RawSocket& operator=(RawSocket&&) noexcept;
  ~RawSocket();

  /// At most kBatch frames; returns how many the kernel took.
  std::size_t send(std::span<const Frame> frames);

  /// Calls `each` with every frame that came, and when (nanoseconds of CLOCK_REALTIME, the
  /// kernel's). Waits for the first one at most kPatience. Frames are cut to kSnap bytes.
  using Received = std::function<void(std::span<const std::uint8_t> bytes, std::uint64_t when)>;
  std::size_t receive(const Received& each);
  static constexpr std::size_t kSnap = 96;
  static constexpr long kPatienceUs = 20'000;

  /// Frames that found no room in this socket since the last call.
  std::uint64_t dropped();

 private:
  struct Buffers;
  api::Descriptor fd_;
  std::unique_ptr<Buffers> buffers_;
};

/// Nanoseconds of CLOCK_REALTIME, in which the kernel stamps what it receives.
std::uint64_t now_ns();

}  // namespace weir::cli::storm
