#include "core/jupyter/jsonscan.h"
#include "core/jupyter/websocketframes.h"

#include <QByteArray>
#include <QTest>

#include <optional>

#include <nlohmann/json.hpp>

using namespace farcell;
using nlohmann::json;

namespace {

std::string bytes(const char *hex)
{
    return QByteArray::fromHex(hex).toStdString();
}

// Vector of the protocol notes: one buffer, every offset written out.
const char *const v1Vector = "0700000000000000 4000000000000000 4500000000000000 4c00000000000000"
                             "4e00000000000000 5000000000000000 5700000000000000 5900000000000000"
                             "7368656c6c 7b2261223a317d 7b7d 7b7d 7b2278223a327d 00ff";

wire::MessageView sample()
{
    static const std::string buffer = bytes("00ff");
    return {"shell", R"({"a":1})", "{}", "{}", R"({"x":2})", {buffer}};
}

} // namespace

// The two framings of kernel messages on a WebSocket.
class TestWebSocketFrames : public QObject
{
    Q_OBJECT

private slots:
    void v1MatchesTheVector();
    void v1RefusesBrokenFrames_data();
    void v1RefusesBrokenFrames();
    void v1SurvivesEveryCut();
    void legacyBinaryMatchesTheVector();
    void legacyTextKeepsTheBytesOfItsParts();
    void legacyTakesWhatClientsSend_data();
    void legacyTakesWhatClientsSend();
    void legacyBinaryRefusesBrokenFrames_data();
    void legacyBinaryRefusesBrokenFrames();
    void legacyRoundTrip_data();
    void legacyRoundTrip();
    void jsonScanFindsValues_data();
    void jsonScanFindsValues();
    void memberIsAddedLast_data();
    void memberIsAddedLast();
};

void TestWebSocketFrames::v1MatchesTheVector()
{
    const std::string frame = bytes(v1Vector);
    QCOMPARE(frame.size(), std::size_t(89));
    QVERIFY(wire::encodeV1(sample()) == frame);
    QVERIFY(frame.starts_with(wire::encodeV1Table(sample())));
    const auto message = wire::decodeV1(frame);
    QVERIFY(message.has_value());
    QVERIFY(message->channel == "shell");
    QVERIFY(message->header == R"({"a":1})");
    QVERIFY(message->content == R"({"x":2})");
    QCOMPARE(message->buffers.size(), std::size_t(1));
    QVERIFY(message->buffers[0] == bytes("00ff"));
}

void TestWebSocketFrames::v1RefusesBrokenFrames_data()
{
    QTest::addColumn<QByteArray>("frame");
    QTest::addColumn<int>("error");
    const QByteArray good = QByteArray::fromHex(v1Vector);
    const auto with = [&](qsizetype at, char value) {
        QByteArray frame = good;
        frame[at] = value;
        return frame;
    };
    const auto row = [](const char *name, const QByteArray &frame, wire::FrameError error) {
        QTest::newRow(name) << frame << static_cast<int>(error);
    };
    row("empty", {}, wire::FrameError::TooShort);
    row("only a count", good.left(8), wire::FrameError::TooShort);
    row("fewer parts than a message has", with(0, 5), wire::FrameError::BadCount);
    row("absurd count", with(7, 0x7f), wire::FrameError::BadCount);
    row("count that overflows the table size", with(7, char(0x80)), wire::FrameError::BadCount);
    row("more parts than the frame has bytes", with(0, 100), wire::FrameError::TooShort);
    row("first offset inside the table", with(8, 0x38), wire::FrameError::BadOffset);
    row("offset falls", with(24, 0x41), wire::FrameError::BadOffset);
    row("offset outside", with(31, 0x01), wire::FrameError::BadOffset);
    row("last offset is not the end", with(64 - 8, 0x58), wire::FrameError::BadOffset);
    row("bytes behind the end", good + 'x', wire::FrameError::BadOffset);
    row("unknown channel", with(64, 'X'), wire::FrameError::BadChannel);
}

void TestWebSocketFrames::v1RefusesBrokenFrames()
{
    QFETCH(QByteArray, frame);
    QFETCH(int, error);
    const auto message = wire::decodeV1(frame.toStdString());
    QVERIFY(!message);
    QCOMPARE(static_cast<int>(message.error()), error);
    QVERIFY(!wire::frameErrorText(message.error()).empty());
}

void TestWebSocketFrames::v1SurvivesEveryCut()
{
    const std::string frame = bytes(v1Vector);
    for (std::size_t size = 0; size < frame.size(); ++size) {
        QVERIFY(!wire::decodeV1(frame.substr(0, size)));
    }
}

void TestWebSocketFrames::legacyBinaryMatchesTheVector()
{
    const std::string head = bytes("00000002 0000000c 0000002f");
    const std::string json35 = R"({"channel":"iopub","content":{}}   )";
    QCOMPARE(json35.size(), std::size_t(35));
    const auto message = wire::decodeLegacyBinary(head + json35 + bytes("010203"));
    QVERIFY(message.has_value());
    const auto v1 = wire::decodeV1(message->v1);
    QVERIFY(v1.has_value());
    QVERIFY(v1->channel == "iopub");
    QCOMPARE(v1->buffers.size(), std::size_t(1));
    QVERIFY(v1->buffers[0] == bytes("010203"));
}

void TestWebSocketFrames::legacyTextKeepsTheBytesOfItsParts()
{
    const auto message = wire::decodeLegacyText(
        R"({"header": {"msg_id":"m", "n": 1.0}, "parent_header":{}, "metadata": {"é":1e2},)"
        R"( "content": {"code":"a\u0062"}, "buffers": [], "channel": "shell"})");
    QVERIFY(message.has_value());
    const auto v1 = wire::decodeV1(message->v1);
    QVERIFY(v1.has_value());
    QVERIFY(v1->header == R"({"msg_id":"m", "n": 1.0})");
    QVERIFY(v1->metadata == R"({"é":1e2})");
    QVERIFY(v1->content == R"({"code":"a\u0062"})");
    QVERIFY(!message->channelWasMissing);
}

void TestWebSocketFrames::legacyTakesWhatClientsSend_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("channel"); // empty: refused
    QTest::addColumn<int>("error");
    const auto good = [](const char *name, const char *text, const char *channel) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(channel) << 0;
    };
    const auto bad = [](const char *name, const char *text, wire::FrameError error) {
        QTest::newRow(name) << QByteArray(text) << QByteArray() << static_cast<int>(error);
    };
    good("channel missing means shell", R"({"header":{"msg_id":"1"}})", "shell");
    good("channel null means shell", R"({"channel":null,"header":{}})", "shell");
    good("parts missing or null", R"({"channel":"control","header":null})", "control");
    good("of repeated channels the last", R"({"channel":"stdin","channel":"iopub"})", "iopub");
    good("escaped key", R"({"ch\u0061nnel":"stdin"})", "stdin");
    bad("unknown channel", R"({"channel":"x"})", wire::FrameError::BadChannel);
    bad("channel of another type", R"({"channel":3})", wire::FrameError::BadChannel);
    bad("not JSON", "hello", wire::FrameError::BadJson);
    bad("an array", "[1]", wire::FrameError::BadJson);
    bad("cut off", R"({"channel":"shell")", wire::FrameError::BadJson);
    bad("header is no object", R"({"channel":"shell","header":"x"})", wire::FrameError::BadJson);
    bad("content is a number", R"({"channel":"shell","content":1})", wire::FrameError::BadJson);
    bad("NaN", R"({"channel":"shell","content":{"x":NaN}})", wire::FrameError::BadJson);
    bad("broken UTF-8", "{\"channel\":\"shell\",\"content\":{\"x\":\"\xff\"}}",
        wire::FrameError::BadJson);
}

void TestWebSocketFrames::legacyTakesWhatClientsSend()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, channel);
    QFETCH(int, error);
    const auto message = wire::decodeLegacyText(text.toStdString());
    QCOMPARE(message.has_value(), !channel.isEmpty());
    if (message) {
        QVERIFY(wire::decodeV1(message->v1)->channel == channel.toStdString());
    } else {
        QCOMPARE(static_cast<int>(message.error()), error);
    }
}

void TestWebSocketFrames::legacyBinaryRefusesBrokenFrames_data()
{
    QTest::addColumn<QByteArray>("frame");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no parts") << QByteArray::fromHex("00000000 00000008");
    QTest::newRow("huge count") << QByteArray::fromHex("ffffffff 0000000c 0000000c");
    QTest::newRow("offset in the table") << QByteArray::fromHex("00000001 00000004") + "{}";
    QTest::newRow("offset outside") << QByteArray::fromHex("00000002 0000000c 000000ff") + "{}";
    QTest::newRow("offset falls") << QByteArray::fromHex("00000002 0000000c 0000000b") + "{}";
    QTest::newRow("no JSON") << QByteArray::fromHex("00000001 00000008");
}

void TestWebSocketFrames::legacyBinaryRefusesBrokenFrames()
{
    QFETCH(QByteArray, frame);
    QVERIFY(!wire::decodeLegacyBinary(frame.toStdString()));
}

void TestWebSocketFrames::legacyRoundTrip_data()
{
    QTest::addColumn<int>("buffers");
    QTest::newRow("without buffers: text") << 0;
    QTest::newRow("one buffer: binary") << 1;
    QTest::newRow("many buffers, some empty") << 50;
}

void TestWebSocketFrames::legacyRoundTrip()
{
    QFETCH(int, buffers);
    std::vector<std::string> contents;
    contents.reserve(static_cast<std::size_t>(buffers));
    for (int i = 0; i < buffers; ++i) {
        contents.emplace_back(static_cast<std::size_t>(i * 3), char('a' + i % 26));
    }
    const wire::MessageView message = {"iopub",
                                       R"({"msg_id":"i","msg_type":"stream"})",
                                       R"({"msg_id":"p"})",
                                       R"({"farcell_seq":7})",
                                       R"({"text":"ü"})",
                                       {contents.begin(), contents.end()}};
    const wire::LegacyFrame frame = wire::encodeLegacy(message);
    QCOMPARE(frame.isBinary, buffers > 0);
    const auto decoded = frame.isBinary ? wire::decodeLegacyBinary(frame.bytes)
                                        : wire::decodeLegacyText(frame.bytes);
    QVERIFY(decoded.has_value());
    QVERIFY(decoded->v1 == wire::encodeV1(message));
    if (!frame.isBinary) {
        const json text = json::parse(frame.bytes);
        QVERIFY(text["msg_id"] == "i" && text["msg_type"] == "stream");
        QVERIFY(text["channel"] == "iopub" && text["buffers"] == json::array());
    }
}

void TestWebSocketFrames::jsonScanFindsValues_data()
{
    QTest::addColumn<QByteArray>("object");
    QTest::addColumn<QByteArray>("raw"); // of member "k"; empty: none
    QTest::newRow("simple") << QByteArray(R"({"k":1})") << QByteArray("1");
    QTest::newRow("among others") << QByteArray(R"( { "a" : [1,{"k":2}] , "k" : "x\"y" } )")
                                  << QByteArray(R"("x\"y")");
    QTest::newRow("nested only") << QByteArray(R"({"a":{"k":1}})") << QByteArray();
    QTest::newRow("in a string") << QByteArray(R"({"a":"\"k\":1"})") << QByteArray();
    QTest::newRow("brackets in strings")
        << QByteArray(R"({"a":["]}{"],"k":null})") << QByteArray("null");
    QTest::newRow("escapes before the end")
        << QByteArray(R"({"a":"\\","k":"\\\\"})") << QByteArray(R"("\\\\")");
    QTest::newRow("empty") << QByteArray("{}") << QByteArray();
    QTest::newRow("cut off") << QByteArray(R"({"k":1)") << QByteArray();
    QTest::newRow("wrong bracket") << QByteArray(R"({"a":[1},"k":1})") << QByteArray();
    QTest::newRow("open string") << QByteArray(R"({"k":"x})") << QByteArray();
    QTest::newRow("no object") << QByteArray(R"(["k",1])") << QByteArray();
    QTest::newRow("escape at the very end") << QByteArray(R"({"k":"x\)") << QByteArray();
}

void TestWebSocketFrames::jsonScanFindsValues()
{
    QFETCH(QByteArray, object);
    QFETCH(QByteArray, raw);
    const std::string text = object.toStdString();
    const auto found = wire::jsonValue(text, "k");
    QCOMPARE(found ? QByteArray::fromStdString(std::string(*found)) : QByteArray(), raw);
}

void TestWebSocketFrames::memberIsAddedLast_data()
{
    QTest::addColumn<QByteArray>("object");
    QTest::addColumn<QByteArray>("result");
    QTest::newRow("empty") << QByteArray("{ }") << QByteArray(R"({ "n":5})");
    QTest::newRow("filled") << QByteArray(R"({"a": 1})") << QByteArray(R"({"a": 1,"n":5})");
    QTest::newRow("taken already") << QByteArray(R"({"n":9})") << QByteArray(R"({"n":9,"n":5})");
    QTest::newRow("no object") << QByteArray("[1]") << QByteArray(R"({"n":5})");
    QTest::newRow("two objects") << QByteArray("{}{}") << QByteArray(R"({"n":5})");
}

void TestWebSocketFrames::memberIsAddedLast()
{
    QFETCH(QByteArray, object);
    QFETCH(QByteArray, result);
    const std::string added = wire::withMember(object.toStdString(), "n", 5);
    QCOMPARE(QByteArray::fromStdString(added), result);
    QVERIFY(json::parse(added)["n"] == 5);
}

QTEST_APPLESS_MAIN(TestWebSocketFrames)
#include "tst_websocketframes.moc"
