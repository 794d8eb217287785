// Whose a MAC address is: the blocks that IEEE assigned, as Debian's package ieee-data has them.
//
// Three text files of one directory: oui36.txt (MA-S, 36 bits), mam.txt (MA-M, 28 bits), oui.txt
// (MA-L, 24 bits); the longest block that holds the address wins. They are read at the first
// question about an address that can be in them: not a locally administered one, not a group
// (IEEE 802-2014 8.2.2). Lines that are no assignment are skipped; a file that is missing or larger
// than 32 MiB counts as empty. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/net/mac_address.hpp"

namespace weir::cli {

/// A block and who has it.
struct Vendor {
  std::string name;
  unsigned prefix_length = 0;  // 24, 28 or 36
};

class Vendors {
 public:
  /// Where ieee-data puts them, unless the environment's WEIR_IEEE_DATA names another directory.
  static std::string default_directory();

  explicit Vendors(std::string directory = default_directory())
      : directory_(std::move(directory)) {}

  std::optional<Vendor> find(MacAddress mac);

  /// For people: the vendor, "(local)", "(group)" with the vendor of its block, or "-".
  std::string text(MacAddress mac);

  /// Something was asked for that the files would know, and none of them can be read.
  bool missing() const { return missing_; }
  /// What to say then.
  static constexpr const char* kMissing =
      "no vendors: the package ieee-data is not there (apt-get install ieee-data)";

 private:
  struct Block {
    std::uint64_t prefix = 0;          // the address's bits, right-aligned
    std::uint32_t name = 0, size = 0;  // where in the file's names, and how long
  };
  struct File {
    unsigned prefix_length = 0;
    std::string names;
    std::vector<Block> blocks;  // by prefix
  };

  void load();

  std::string directory_;
  bool loaded_ = false;
  bool missing_ = false;
  std::array<File, 3> files_;  // longest blocks first
};

}  // namespace weir::cli
