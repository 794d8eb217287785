// Zeroed memory for big tables, in the largest pages the machine gives.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

/// How a region is mapped.
enum class Pages {
  small,        ///< 4 KB, zero on demand: untouched parts of a sparse array cost nothing
  transparent,  ///< the kernel's transparent huge pages (madvise), zero on demand
  huge,         ///< reserved 2 MB pages; DPDK draws on the same pool
};

std::string_view to_string(Pages pages);

/// An anonymous private mapping, all zero, aligned to 2 MB, unmapped when destroyed.
/// Under mlockall pass MCL_ONFAULT, or sparse regions become resident.
class HugeRegion {
 public:
  static constexpr std::size_t kAlignment = std::size_t{2} << 20;

  HugeRegion() = default;
  /// Maps at least `bytes` > 0 (a multiple of 2 MB), with the best pages up to `wanted`:
  /// huge, else transparent, else small. Throws std::system_error when there is no room at all.
  explicit HugeRegion(std::size_t bytes, Pages wanted = Pages::transparent);
  HugeRegion(HugeRegion&& other) noexcept;
  HugeRegion& operator=(HugeRegion&& other) noexcept;
  ~HugeRegion();

  /// Makes every page resident now, so that no reader ever faults; false when memory is short
  /// (or before Linux 5.14): pages then come on demand as before.
  bool prefault() noexcept;

  /// Maps a part, so that no reader faults: untouched pages to the shared page of zeros, which
  /// costs page-table entries only. `offset` and `bytes` are rounded outward to pages; best effort.
  bool map_for_reading(std::size_t offset, std::size_t bytes) noexcept;
  /// Gives the memory of a part back; it reads as zero again. Only whole pages inside the part
  /// are discarded, false when the kernel refuses (its bytes are then unchanged).
  bool discard(std::size_t offset, std::size_t bytes) noexcept;

  void* data() const { return data_; }
  std::size_t size() const { return size_; }
  /// Which pages were got. `transparent` is leave, not a promise: the kernel may give small ones.
  Pages pages() const { return pages_; }
  /// Bytes in memory now; pages only ever read count too. A system call: not for the hot path.
  std::size_t resident_bytes() const;

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
  Pages pages_ = Pages::small;
};

}  // namespace weir
