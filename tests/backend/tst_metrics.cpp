#include "backend/runtimes/metricshistory.h"
#include "tests/support/channelclient.h"
#include "tests/support/fakegpus.h"
#include "tests/support/farcelld.h"

#include <QTest>
#include <QWebSocket>

using namespace farcell;
using farcell::test::ChannelClient;
using farcell::test::FakeGpus;
using farcell::test::Farcelld;
using nlohmann::json;

namespace {

constexpr int patienceMs = 60000;

api::MetricsSample sampleAt(double time, double cpu)
{
    api::MetricsSample sample;
    sample.time = time;
    sample.machine = {{100, qint64(cpu)}, {1000, 1}, 2, cpu};
    sample.network = {cpu, 2 * cpu};
    sample.gpus = {{0, api::GpuMemory{80, qint64(cpu), 80 - qint64(cpu)}, cpu, 50.0, std::nullopt}};
    sample.kernels = {{QStringLiteral("k"), true, 5, 6}};
    return sample;
}

json samplesOf(const MetricsHistory &history, double from)
{
    const QByteArray text = history.since(from);
    const json message = json::parse(text.begin(), text.end());
    return message["type"] == "history" ? message["samples"] : json();
}

// A subscriber to a server's metrics.
class Subscriber
{
public:
    explicit Subscriber(const Farcelld &server, const QString &query = {})
    {
        QObject::connect(&m_socket, &QWebSocket::textMessageReceived, &m_socket,
                         [this](const QString &text) {
                             messages.push_back(json::parse(text.toStdString(), nullptr, false));
                         });
        QNetworkRequest request(QUrl(QStringLiteral("ws://127.0.0.1:%1/api/farcell/metrics%2")
                                         .arg(server.port())
                                         .arg(query)));
        request.setRawHeader("Authorization", "token test-token");
        m_socket.open(request);
    }
    [[nodiscard]] json last() const { return messages.empty() ? json() : messages.back(); }

    std::vector<json> messages;

private:
    QWebSocket m_socket;
};

} // namespace

class TestMetrics : public QObject
{
    Q_OBJECT

private slots:
    void keepsADay();
    void outlivesTheServer();
    void spansAreSummaries();
    void jsonRoundTrip();
    void streamsSamples();
    void isQuickWhileACellRuns();
    void needsTheToken();
};

void TestMetrics::keepsADay()
{
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("metrics.jsonl"));
    MetricsHistory history(file);
    const double start = 1.7e9;
    const int seconds = 60 * 3600;
    for (int i = 0; i < seconds; ++i)
        history.add(sampleAt(start + i, i % 100));

    const json samples = samplesOf(history, 0);

    QVERIFY(samples.size() <= 8640 + 700 && samples.size() > 8640);
    double last = 0;
    for (const json &sample : samples) {
        QVERIFY(sample["time"].get<double>() > last);
        last = sample["time"];
    }
    QCOMPARE(last, start + seconds - 1);
    QVERIFY(samples[0]["time"].get<double>() > start + seconds - 25 * 3600);
    QVERIFY(samplesOf(history, last - 59.5).size() == 60);
    QVERIFY(QFileInfo(file).size() < 50LL * 1024 * 1024);
    QFile lines(file);
    QVERIFY(lines.open(QIODevice::ReadOnly));
    QVERIFY(lines.readAll().count('\n') <= 17280);
}

void TestMetrics::outlivesTheServer()
{
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("metrics.jsonl"));
    {
        MetricsHistory history(file);
        for (int i = 0; i < 95; ++i)
            history.add(sampleAt(1.7e9 + i, 10));
    }
    QFile torn(file); // as a crash leaves it
    QVERIFY(torn.open(QIODevice::Append));
    torn.write("{\"time\": 17");
    torn.close();

    MetricsHistory again(file);
    QCOMPARE(samplesOf(again, 0).size(), std::size_t(9));
    again.add(sampleAt(1.7e9 + 200, 10));
    again.add(sampleAt(1.7e9 + 220, 10)); // ends a span
    QCOMPARE(samplesOf(MetricsHistory(file), 1.7e9 + 150).size(), std::size_t(1));
}

void TestMetrics::spansAreSummaries()
{
    MetricsHistory history({});
    for (int i = 0; i < 1000; ++i)
        history.add(sampleAt(1.7e9 + i, i < 10 ? i * 10 : 1));
    const json first = samplesOf(history, 0)[0];
    QCOMPARE(first["cpu"]["percent"].get<double>(), 45.0);
    QCOMPARE(first["network"]["sent"].get<double>(), 90.0);
    QCOMPARE(first["memory"]["used"].get<int>(), 90); // the most
    QCOMPARE(first["gpus"][0]["memory"]["used"].get<int>(), 90);
    QCOMPARE(first["gpus"][0]["utilization"].get<double>(), 45.0);
    QVERIFY(first["gpus"][0]["power"].is_null());
    QVERIFY(first["kernels"].empty());
}

void TestMetrics::jsonRoundTrip()
{
    const json told = api::toJson(sampleAt(1.7e9, 12));
    const auto again = api::metricsSampleFromJson(told);
    QVERIFY(again);
    QVERIFY(api::toJson(*again) == told);
    QVERIFY(!api::metricsSampleFromJson({{"time", 5}}));
}

void TestMetrics::streamsSamples()
{
    FakeGpus gpus;
    gpus.state["gpus"][1]["temperature"] = 71;
    gpus.write();
    Farcelld server;
    QVERIFY(server.start(
        {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), QStringLiteral(FAKE_NVML)}));
    Subscriber first(server);
    QTRY_VERIFY_WITH_TIMEOUT(first.messages.size() >= 3, patienceMs);

    const json sample = first.last();

    QVERIFY(sample["type"] == "sample");
    QVERIFY(sample["memory"]["total"].get<qint64>() > sample["memory"]["used"].get<qint64>());
    QVERIFY(sample["disk"]["used"].get<qint64>() > 0 && sample["cpu"]["count"].get<int>() > 0);
    QVERIFY(sample["network"]["received"].is_number());
    QCOMPARE(sample["gpus"].size(), std::size_t(2));
    QVERIFY(sample["gpus"][1]["temperature"] == 71 && sample["gpus"][1]["utilization"] == 93);
    QVERIFY(sample["gpus"][1]["memory"]["used"] == 11LL << 30);
    Subscriber second(server, QStringLiteral("?history=3600"));
    QTRY_VERIFY_WITH_TIMEOUT(second.messages.size() >= 2, patienceMs);
    QVERIFY(second.messages[0]["type"] == "history");
    QVERIFY(second.messages[0]["samples"].size() >= 2);
    QVERIFY(second.messages[1]["type"] == "sample");
}

void TestMetrics::isQuickWhileACellRuns()
{
    if (!Farcelld::hasIpykernel())
        QSKIP("ipykernel is not installed");
    FakeGpus gpus;
    Farcelld server;
    QVERIFY(server.start(
        {QStringLiteral("--no-prewarm"), QStringLiteral("--nvml"), QStringLiteral(FAKE_NVML)}));
    const std::string kernel =
        server.json("POST", "/api/kernels", R"({"name": "python3"})").value("id", "");
    ChannelClient client(server.port(), QByteArray::fromStdString(kernel), true);
    const std::string id = client.execute(
        "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '600']).pid\n"
        "print(os.getpid(), child, flush=True)\nwhile not os.path.exists('end'): time.sleep(0.05)");
    QTRY_VERIFY_WITH_TIMEOUT(!client.text(id).empty(), patienceMs);
    long own = 0;
    long child = 0;
    QCOMPARE(std::sscanf(client.text(id).c_str(), "%ld %ld", &own, &child), 2);
    gpus.state["gpus"][0]["processes"] = {{own, 1000}, {child, 200}};
    gpus.state["gpus"][1]["processes"] = {{child, 30}, {::getpid(), 4}};
    gpus.write();
    Subscriber subscriber(server);

    const auto isQuick = [&] {
        const auto &all = subscriber.messages;
        for (std::size_t i = 1; i < all.size(); ++i) {
            if (all[i]["time"].get<double>() - all[i - 1]["time"].get<double>() < 0.5)
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isQuick(), patienceMs);
    const auto load = [&]() -> json {
        const json last = subscriber.last();
        return last.is_object() && !last["kernels"].empty() ? last["kernels"][0] : json();
    };
    QTRY_VERIFY_WITH_TIMEOUT(load().value("gpu_memory", json()) == 1230, patienceMs);
    QVERIFY(load()["id"] == kernel && load()["busy"] == true);
    QVERIFY(load()["memory"].get<double>() > 1e7);
    QVERIFY(server.json("GET", "/api/farcell/kernels")["kernels"][0]["gpu_memory"] == 1230);
    QFile end(server.root() + QStringLiteral("/end"));
    QVERIFY(end.open(QIODevice::WriteOnly));
    QTRY_VERIFY_WITH_TIMEOUT(client.isDone(id), patienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(load().value("busy", true) == false, patienceMs);
}

void TestMetrics::needsTheToken()
{
    Farcelld server;
    QVERIFY(server.start());
    farcell::test::RawHttp stranger(server.port());
    stranger.send("GET /api/farcell/metrics HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    QCOMPARE(stranger.reply().status, 403);
}

QTEST_GUILESS_MAIN(TestMetrics)
#include "tst_metrics.moc"
