// A text with what is to be known of it, in one file so that they cannot be torn apart:
//
//   weir configuration 1 <SHA-256 of the next line, without its newline>
//   {"bytes":5,"sha256":"...", ...}       <- of the text; and what else the writer put there
//   text
//
// For people: `tail -n +3 FILE` is the text. SHA-256 is FIPS 180-4's, from libcrypto.
// Threads: functions without state.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace weir::control {

struct SealedFile {
  nlohmann::json about;  // an object, with "bytes" and "sha256"
  std::string text;
};

/// In hexadecimal digits.
std::string sha256(std::string_view text);

/// The two lines before the text. `about` is an object; bytes that are not UTF-8 become U+FFFD.
std::string sealed_head(nlohmann::json about, std::string_view text);

/// What the file's content says; or, in words, why it is none of these, or not what was written.
std::variant<SealedFile, std::string> open_sealed(std::string content);

}  // namespace weir::control
