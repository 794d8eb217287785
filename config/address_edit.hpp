// Changing addresses of interfaces in the text of a configuration, in place: comments, order and
// layout stay. Pure, thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/model.hpp"

namespace weir::config {

/// One address of one interface.
struct AddressChange {
  std::string interface;
  std::optional<Ipv4InterfaceAddress> before;  // none: the interface has none, `after` is its first
  Ipv4InterfaceAddress after;
  SourceRef source;  // of `before`, or of the interface
};

struct EditedText {
  std::string text;
  std::string error;  // which value cannot be edited in place and why; empty when `text` is good
  SourceRef where;    // of the error
};

/// `text` with every change made. An interface without addresses gets a line `addresses: [...]`.
/// What the text then says is read again, and is `wanted` but for its layout: where it cannot be
/// (an alias that two interfaces share), nothing is edited.
EditedText edit_addresses(std::string_view text, std::span<const AddressChange> changes,
                          const Config& wanted);

}  // namespace weir::config
