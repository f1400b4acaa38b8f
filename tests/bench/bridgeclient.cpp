#include "tests/bench/bridgeclient.h"

#include "core/jupyter/messages.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QUuid>

#include <algorithm>
#include <cstdio>
#include <vector>

#include <nlohmann/json.hpp>

using namespace farcell;
using farcell::bench::KernelPath;
using nlohmann::json;

namespace {

const std::string session = QUuid::createUuid().toString(QUuid::WithoutBraces).toStdString();

// One request at a time, and what comes for it. Looks at as few bytes as it can: the client must
// be faster than what it measures.
class Exchange
{
public:
    explicit Exchange(KernelPath &path)
        : m_path(path)
    {
        path.setHandler([this](const wire::MessageView &message) { take(message); });
    }

    bool request(std::string_view type, const json &content, bool waitForIdle)
    {
        m_id = wire::newUuid();
        m_isDone = m_hasReply = false;
        m_isIdle = !waitForIdle;
        messages = lines = bytes = 0;
        const std::string header = wire::makeHeader(type, session, m_id);
        const std::string text = content.dump();
        m_clock.start();
        m_path.send({"shell", header, "{}", "{}", text, {}});
        const bool isDone = m_path.run(m_isDone);
        nanoseconds = m_clock.nsecsElapsed();
        return isDone;
    }

    qint64 nanoseconds = 0;
    qint64 messages = 0, lines = 0, bytes = 0;

private:
    void take(const wire::MessageView &message)
    {
        if (message.parentHeader.find(m_id) == std::string_view::npos) {
            return;
        }
        if (message.channel == "shell") {
            m_hasReply = true;
        } else if (message.header.find("\"stream\"") != std::string_view::npos ||
                   message.header.find("\"display_data\"") != std::string_view::npos) {
            ++messages;
            bytes += static_cast<qint64>(message.content.size());
            for (std::size_t at = message.content.find("\\n"); at != std::string_view::npos;
                 at = message.content.find("\\n", at + 2)) {
                ++lines;
            }
        } else if (message.header.find("\"status\"") != std::string_view::npos &&
                   message.content.find("\"idle\"") != std::string_view::npos) {
            m_isIdle = true;
        }
        m_isDone = m_hasReply && m_isIdle;
    }

    KernelPath &m_path;
    std::string m_id;
    QElapsedTimer m_clock;
    bool m_isDone = false, m_hasReply = false, m_isIdle = false;
};

json execution(const std::string &code)
{
    return {{"code", code},          {"silent", false},      {"store_history", false},
            {"stop_on_error", true}, {"allow_stdin", false}, {"user_expressions", json::object()}};
}

void print(const json &result)
{
    std::printf("%s\n", result.dump().c_str());
}

int failed(const char *what)
{
    std::fprintf(stderr, "bridgeclient: %s\n", what);
    return 1;
}

double percentile(std::vector<qint64> values, double share)
{
    std::sort(values.begin(), values.end());
    const auto index = static_cast<std::size_t>(share * double(values.size() - 1));
    return double(values[index]) / 1000.0;
}

int measureRoundTrips(KernelPath &path, int count)
{
    Exchange exchange(path);
    json result;
    const std::vector<std::pair<const char *, json>> kinds = {
        {"kernel_info_request", json::object()}, {"execute_request", execution("1")}};
    for (const auto &[type, content] : kinds) {
        std::vector<qint64> times;
        for (int i = 0; i < count; ++i) {
            if (!exchange.request(type, content, true)) {
                return failed("no answer");
            }
            if (i >= count / 10) { // the first ones warm up
                times.push_back(exchange.nanoseconds);
            }
        }
        result[type] = {{"p50_us", percentile(times, 0.5)}, {"p99_us", percentile(times, 0.99)}};
    }
    print(result);
    return 0;
}

int measureStream(KernelPath &path, const std::string &code)
{
    Exchange exchange(path);
    if (!exchange.request("execute_request", execution("1"), true) ||
        !exchange.request("execute_request", execution(code), true)) {
        return failed("no answer");
    }
    print({{"seconds", double(exchange.nanoseconds) / 1e9},
           {"messages", exchange.messages},
           {"lines", exchange.lines},
           {"bytes", exchange.bytes}});
    return 0;
}

// Everything that is kept, as a client gets it that comes back: until farcell_live.
int measureReplay(const QUrl &url, const QString &token, const QString &kernel)
{
    QElapsedTimer clock;
    clock.start();
    const auto path = bench::openWebSocket(url, token, kernel,
                                           QString::fromStdString(session + "&since=0&events=1"));
    if (!path) {
        return failed("no connection");
    }
    qint64 messages = 0, bytes = 0;
    bool isLive = false;
    path->setHandler([&](const wire::MessageView &message) {
        ++messages;
        bytes += static_cast<qint64>(message.content.size());
        isLive = isLive || message.header.find("\"farcell_live\"") != std::string_view::npos;
    });
    if (!path->run(isLive)) {
        return failed("it does not catch up");
    }
    print({{"seconds", double(clock.nsecsElapsed()) / 1e9},
           {"messages", messages},
           {"bytes", bytes}});
    return 0;
}

// POST /api/kernels, connect at once, and the time until the first cell has run.
int measureStart(const QUrl &url, const QString &token, const QString &spec)
{
    QNetworkAccessManager network;
    QUrl kernels = url;
    kernels.setPath(QStringLiteral("/api/kernels"));
    QNetworkRequest request(kernels);
    request.setRawHeader("Authorization", "token " + token.toUtf8());
    request.setHeader(QNetworkRequest::ContentTypeHeader, QStringLiteral("application/json"));
    QElapsedTimer clock;
    clock.start();
    QNetworkReply *reply =
        network.post(request, QByteArray::fromStdString(json{{"name", spec.toStdString()}}.dump()));
    while (!reply->isFinished()) {
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    const double posted = double(clock.nsecsElapsed()) / 1e6;
    const json model = json::parse(reply->readAll().toStdString(), nullptr, false);
    if (!model.is_object() || !model.contains("id")) {
        return failed("no kernel");
    }
    const auto id = model["id"].get<std::string>();
    const auto path = bench::openWebSocket(url, token, QString::fromStdString(id),
                                           QString::fromStdString(session));
    if (!path) {
        return failed("no WebSocket");
    }
    const double opened = double(clock.nsecsElapsed()) / 1e6;
    Exchange exchange(*path);
    if (!exchange.request("kernel_info_request", json::object(), false)) {
        return failed("no answer");
    }
    const double answered = double(clock.nsecsElapsed()) / 1e6;
    if (!exchange.request("execute_request", execution("1"), false)) {
        return failed("no answer");
    }
    print({{"kernel", id},
           {"post_ms", posted},
           {"open_ms", opened},
           {"info_ms", answered},
           {"execute_ms", double(clock.nsecsElapsed()) / 1e6}});
    return 0;
}

} // namespace

// bridgeclient start URL SPEC | replay URL KERNEL | rtt PATH COUNT | stream PATH CODE, where PATH
// is either "URL KERNEL" or "direct CONNECTION_FILE"; the token comes in FARCELL_BENCH_TOKEN.
int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    const QString token = qEnvironmentVariable("FARCELL_BENCH_TOKEN");
    if (arguments.size() < 4) {
        return failed("see the source for its arguments");
    }
    if (arguments[1] == QStringLiteral("start")) {
        return measureStart(QUrl(arguments[2]), token, arguments[3]);
    }
    if (arguments[1] == QStringLiteral("replay")) {
        return measureReplay(QUrl(arguments[2]), token, arguments[3]);
    }
    if (arguments.size() < 5) {
        return failed("an argument is missing");
    }
    const auto path = arguments[2] == QStringLiteral("direct")
                          ? bench::openDirect(arguments[3])
                          : bench::openWebSocket(QUrl(arguments[2]), token, arguments[3],
                                                 QString::fromStdString(session));
    if (!path) {
        return failed("no connection");
    }
    return arguments[1] == QStringLiteral("rtt") ? measureRoundTrips(*path, arguments[4].toInt())
                                                 : measureStream(*path, arguments[4].toStdString());
}
