#include "backend/http/httpparser.h"
#include "backend/http/requesttarget.h"
#include "backend/http/router.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace farcell;
using namespace farcell::http;

namespace {

constexpr quint64 bodyLimit = 4096;

void check(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

struct Outcome
{
    HttpParser::State state = HttpParser::State::Head;
    QByteArray method, target, body;

    friend bool operator==(const Outcome &, const Outcome &) = default;
};

// Feeds as the connection does: unused bytes again, with more behind them. Stops at the end of the
// first request.
Outcome parse(QByteArrayView input, qsizetype piece)
{
    HttpParser parser;
    qsizetype begin = 0;
    qsizetype end = 0;
    bool limited = false;
    while (end < input.size() && parser.state() != HttpParser::State::Done &&
           parser.state() != HttpParser::State::Failed) {
        end = std::min(end + piece, input.size());
        for (qsizetype used = -1; used != 0;) {
            used = parser.feed(input.sliced(begin, end - begin));
            check(used >= 0 && used <= end - begin);
            begin += used;
            if (parser.state() == HttpParser::State::Body && !limited) {
                limited = true;
                parser.setBodyLimit(bodyLimit);
            }
        }
    }
    HttpRequest &request = parser.request();
    check(quint64(request.body.size()) <= bodyLimit);
    check(parser.state() != HttpParser::State::Failed || parser.errorStatus() >= 400);
    if (parser.state() == HttpParser::State::Done) {
        check(request.headers.count("Host") <= 1);
        check(request.headers.count("Content-Length") <= 1);
    }
    return {parser.state(), request.method, request.target, request.body};
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArrayView input(reinterpret_cast<const char *>(data), qsizetype(size));
    const Outcome whole = parse(input, std::max<qsizetype>(1, input.size()));
    // However the bytes arrive, the request is the same one.
    const Outcome pieces = parse(input, 7);
    if (whole.state == HttpParser::State::Done) {
        check(pieces == whole);
    }

    const QByteArrayView target = whole.target.isEmpty() ? input : QByteArrayView(whole.target);
    if (const auto parsed = parseTarget(target)) {
        check(parsed->path.startsWith(u'/') && !parsed->path.contains(QChar(u'\0')));
        Router router;
        router.addPlain("GET", QStringLiteral("/api/contents/{path*}/checkpoints/{id}"), {});
        router.addPlain("GET", QStringLiteral("/api/contents/{path*}"), {});
        static_cast<void>(router.find("GET", parsed->path));
        static_cast<void>(router.findSocket(parsed->path));
        const QByteArray again = "/" + encodePath(parsed->path.mid(1));
        check(parseTarget(again).has_value());
    }
    static_cast<void>(parseQuery(input));
    return 0;
}
