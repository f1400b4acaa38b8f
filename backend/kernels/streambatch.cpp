#include "backend/kernels/streambatch.h"

#include "backend/keeper/protocol.h"
#include "core/journal/journalreader.h"
#include "core/jupyter/messages.h"
#include "core/jupyter/websocketframes.h"

namespace farcell {

namespace {

constexpr qsizetype batchBytes = 1024LL * 1024;

QByteArray bytesOf(std::string_view text)
{
    return {text.data(), static_cast<qsizetype>(text.size())};
}

} // namespace

StreamBatch readBatch(JournalReader &reader, quint64 expected, quint64 last)
{
    StreamBatch batch;
    qsizetype bytes = 0;
    while (bytes < batchBytes) {
        const auto record = reader.next(last);
        if (!record) {
            break;
        }
        if (record->sequence > expected) {
            batch.push_back(gapBefore(record->sequence, expected));
        }
        expected = record->sequence + 1;
        const auto named = keeperprotocol::decodeNamed(record->payload);
        if (record->type != keeperprotocol::messageRecord || !named) {
            continue;
        }
        batch.push_back({record->sequence, bytesOf(named->name), bytesOf(named->rest), false});
        bytes += batch.back().frame.size();
    }
    return batch;
}

StreamRecord gapBefore(quint64 first, quint64 expected)
{
    return {first - 1,
            {},
            serverFrame("farcell_gap", {{"since", expected - 1}, {"first", first}}),
            true};
}

QByteArray serverFrame(std::string_view type, const nlohmann::json &content)
{
    const std::string header = wire::makeHeader(type, "farcelld");
    const std::string text = content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return bytesOf(wire::encodeV1({"iopub", header, "{}", "{}", text, {}}));
}

} // namespace farcell
