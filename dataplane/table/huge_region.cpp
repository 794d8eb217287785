#include "dataplane/table/huge_region.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace weir {
namespace {

// Of <linux/mman.h>, which Debian 12's <sys/mman.h> does not repeat in full.
constexpr int kMapHuge2Mb = 21 << 26;
constexpr int kMadvisePopulateRead = 22;
constexpr int kMadvisePopulateWrite = 23;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

/// madvise succeeds even when the administrator has switched transparent huge pages off.
bool transparent_pages_allowed() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string line;
  return std::getline(file, line) && line.find("[never]") == std::string::npos;
}

void* map_huge(std::size_t bytes) {
  // Without MAP_NORESERVE: a page that is missing must fail here, not as SIGBUS at first touch.
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | kMapHuge2Mb, -1, 0);
}

/// MAP_FAILED with errno when there is no room.
void* map_aligned(std::size_t bytes) {
  const std::size_t span = bytes + HugeRegion::kAlignment;
  void* const start = mmap(nullptr, span, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return start;
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  const std::size_t before = round_up(address, HugeRegion::kAlignment) - address;
  auto* const aligned = static_cast<char*>(start) + before;
  if (before > 0) munmap(start, before);
  if (const std::size_t after = span - before - bytes; after > 0) munmap(aligned + bytes, after);
  return aligned;
}

}  // namespace

std::string_view to_string(Pages pages) {
  switch (pages) {
    case Pages::small:
      return "4 KB";
    case Pages::transparent:
      return "transparent huge";
    case Pages::huge:
      return "2 MB";
  }
  return "?";
}

HugeRegion::HugeRegion(std::size_t bytes, Pages wanted) {
  // Beyond 2^47 the rounding below could overflow, and no x86-64 process has that much.
  if (bytes == 0 || bytes > std::size_t{1} << 47) {
    throw std::system_error(ENOMEM, std::generic_category(), "mapping a table");
  }
  size_ = round_up(bytes, kAlignment);
  if (wanted == Pages::huge) {
    data_ = map_huge(size_);
    if (data_ != MAP_FAILED) {
      pages_ = Pages::huge;
      return;
    }
  }
  data_ = map_aligned(size_);
  if (data_ == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "mapping a table");
  }
  if (wanted == Pages::small) {
    madvise(data_, size_, MADV_NOHUGEPAGE);
  } else if (madvise(data_, size_, MADV_HUGEPAGE) == 0 && transparent_pages_allowed()) {
    pages_ = Pages::transparent;
  }
}

HugeRegion::HugeRegion(HugeRegion&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      pages_(other.pages_) {}

HugeRegion& HugeRegion::operator=(HugeRegion&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(pages_, other.pages_);
  return *this;
}

HugeRegion::~HugeRegion() {
  if (data_ != nullptr) munmap(data_, size_);
}

bool HugeRegion::prefault() noexcept {
  return data_ != nullptr && madvise(data_, size_, kMadvisePopulateWrite) == 0;
}

bool HugeRegion::map_for_reading(std::size_t offset, std::size_t bytes) noexcept {
  const std::size_t page = page_size();
  const std::size_t begin = offset / page * page;
  const std::size_t end = std::min(round_up(offset + bytes, page), size_);
  return begin < end &&
         madvise(static_cast<char*>(data_) + begin, end - begin, kMadvisePopulateRead) == 0;
}

bool HugeRegion::discard(std::size_t offset, std::size_t bytes) noexcept {
  const std::size_t page = pages_ == Pages::huge ? kAlignment : page_size();
  const std::size_t begin = round_up(offset, page);
  const std::size_t end = std::min(offset + bytes, size_) / page * page;
  return begin >= end ||
         madvise(static_cast<char*>(data_) + begin, end - begin, MADV_DONTNEED) == 0;
}

std::size_t HugeRegion::resident_bytes() const {
  if (data_ == nullptr) return 0;
  const std::size_t page = page_size();
  std::array<unsigned char, 4096> present;
  const std::size_t step = present.size() * page;
  std::size_t pages = 0;
  for (std::size_t offset = 0; offset < size_; offset += step) {
    const std::size_t length = std::min(step, size_ - offset);
    if (mincore(static_cast<char*>(data_) + offset, length, present.data()) != 0) continue;
    const auto end = present.begin() + static_cast<std::ptrdiff_t>(length / page);
    pages += static_cast<std::size_t>(
        std::count_if(present.begin(), end, [](unsigned char p) { return (p & 1) != 0; }));
  }
  return pages * page;
}

}  // namespace weir
