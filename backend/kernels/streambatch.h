#pragma once

#include <QByteArray>

#include <nlohmann/json.hpp>

#include <string_view>
#include <vector>

namespace farcell {

class JournalReader;

// One message of a kernel's journal as it goes to clients: a frame of the v1 framing.
struct StreamRecord
{
    quint64 sequence = 0;
    QByteArray addressee; // the session it is for; empty: everyone
    QByteArray frame;
    bool isGap = false; // stands for messages that are not kept any more
};
using StreamBatch = std::vector<StreamRecord>;

// Up to a megabyte up to number `last`. Where numbers are missing, retention has given up their
// messages, and a message that says so takes their place.
[[nodiscard]] StreamBatch readBatch(JournalReader &reader, quint64 expected, quint64 last);

// Says that the messages from `expected` to before `first` are not kept any more.
[[nodiscard]] StreamRecord gapBefore(quint64 first, quint64 expected);

// A message of the server's own, for everyone and without a number.
[[nodiscard]] QByteArray serverFrame(std::string_view type, const nlohmann::json &content);

} // namespace farcell
