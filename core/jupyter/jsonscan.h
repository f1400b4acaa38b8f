#pragma once

#include <optional>
#include <string>
#include <string_view>

// Looks things up in a JSON text without building a tree and without changing a byte: kernel
// messages pass through farcell as they came, only a few header fields are looked at.
namespace farcell::wire {

// The raw text of `key`'s value in the object `object`; of repeated keys the last, as parsers do.
[[nodiscard]] std::optional<std::string_view> jsonValue(std::string_view object,
                                                        std::string_view key);
// The same for a value that is a string, decoded. Nothing if it is not a string.
[[nodiscard]] std::optional<std::string> jsonString(std::string_view object, std::string_view key);

// True if the text is one object with balanced brackets and closed strings. Not a full check of
// the grammar: enough to put the text into another object without breaking that one.
[[nodiscard]] bool looksLikeObject(std::string_view text);

// `object` with one more integer member, put last so that it wins over an earlier one of that
// name. Text that is no object is replaced by one that has only the new member.
[[nodiscard]] std::string withMember(std::string_view object, std::string_view key,
                                     unsigned long long value);
// The same with a text.
[[nodiscard]] std::string withMember(std::string_view object, std::string_view key,
                                     const std::string &value);

} // namespace farcell::wire
