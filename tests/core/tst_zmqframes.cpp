#include "core/jupyter/messages.h"
#include "core/jupyter/zmqframes.h"

#include <QTest>

#include <array>
#include <set>
#include <vector>

using namespace farcell;

namespace {

const std::string vectorKey = "a0436f6c-1916-498b-8eb9-e81ab9368e84";
const std::string vectorHeader =
    R"({"msg_id":"m1","session":"s1","username":"u","date":"2026-01-02T03:04:05.000006Z",)"
    R"("msg_type":"kernel_info_request","version":"5.5"})";
const std::string vectorSignature =
    "c8ab537d02093c8f1f7fa7d375d125efded37192889f03b1091826f06d42f657";

std::vector<std::string_view> vectorFrames()
{
    return {"topic", wire::zmqDelimiter, vectorSignature, vectorHeader, "{}", "{}", "{}"};
}

} // namespace

// Kernel messages as ZeroMQ frames: what is taken, and what is refused before it is looked at.
class TestZmqFrames : public QObject
{
    Q_OBJECT

private slots:
    void signatureMatchesTheVector();
    void longKeyIsHashedFirst();
    void takesAMessage();
    void refusesBrokenMessages_data();
    void refusesBrokenMessages();
    void refusesAMessageTwice();
    void guardForgetsTheOldest();
    void emptyKeyMeansUnsigned();
    void idsAreUnique();
};

void TestZmqFrames::signatureMatchesTheVector()
{
    wire::MessageSigner signer(vectorKey);
    const std::array<std::string_view, 4> parts = {vectorHeader, "{}", "{}", "{}"};
    QVERIFY(signer.sign(parts) == vectorSignature);
    QVERIFY(signer.sign(parts) == vectorSignature); // the key's state is not used up
    QVERIFY(signer.verify(vectorSignature, parts));
    QVERIFY(!signer.verify(vectorSignature.substr(1), parts));
}

void TestZmqFrames::longKeyIsHashedFirst()
{
    // RFC 4231, test case 6: a key of 131 bytes.
    wire::MessageSigner signer(std::string(131, char(0xaa)));
    const std::array<std::string_view, 1> parts = {
        "Test Using Larger Than Block-Size Key - Hash Key First"};
    QVERIFY(signer.sign(parts) ==
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

void TestZmqFrames::takesAMessage()
{
    wire::MessageSigner signer(vectorKey);
    wire::ReplayGuard guard;
    auto frames = vectorFrames();
    frames.emplace_back("buffer");
    const auto message = wire::parseZmq(frames, signer, guard);
    QVERIFY(message.has_value());
    QVERIFY(message->header == vectorHeader);
    QCOMPARE(message->buffers.size(), std::size_t(1));
    QVERIFY(message->buffers[0] == "buffer");
}

void TestZmqFrames::refusesBrokenMessages_data()
{
    QTest::addColumn<QStringList>("frames");
    QTest::addColumn<int>("error");
    const QString delimiter = QStringLiteral("<IDS|MSG>");
    const QString good = QString::fromStdString(vectorSignature);
    const QString header = QString::fromStdString(vectorHeader);
    const QString none = QStringLiteral("{}");
    const auto row = [](const char *name, const QStringList &frames, wire::ZmqError error) {
        QTest::newRow(name) << frames << static_cast<int>(error);
    };
    row("no frames", {}, wire::ZmqError::NoDelimiter);
    row("no delimiter", {good, header, none, none, none}, wire::ZmqError::NoDelimiter);
    row("content missing", {delimiter, good, header, none, none}, wire::ZmqError::TooFewFrames);
    row("delimiter only", {delimiter}, wire::ZmqError::TooFewFrames);
    row("not signed", {delimiter, QString(), header, none, none, none}, wire::ZmqError::Unsigned);
    row("other content than was signed",
        {delimiter, good, header, none, none, QStringLiteral("{ }")}, wire::ZmqError::BadSignature);
    row("signature in capitals", {delimiter, good.toUpper(), header, none, none, none},
        wire::ZmqError::BadSignature);
    row("signature cut", {delimiter, good.left(63), header, none, none, none},
        wire::ZmqError::BadSignature);
    QStringList many(wire::maxIdentityFrames + 1, QStringLiteral("id"));
    row("too many identities", many + QStringList{delimiter, good, header, none, none, none},
        wire::ZmqError::NoDelimiter);
}

void TestZmqFrames::refusesBrokenMessages()
{
    QFETCH(QStringList, frames);
    QFETCH(int, error);
    std::vector<std::string> texts;
    for (const QString &frame : std::as_const(frames)) {
        texts.push_back(frame.toStdString());
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    wire::MessageSigner signer(vectorKey);
    wire::ReplayGuard guard;
    const auto message = wire::parseZmq(views, signer, guard);
    QVERIFY(!message);
    QCOMPARE(static_cast<int>(message.error()), error);
    QVERIFY(!wire::zmqErrorText(message.error()).empty());
}

void TestZmqFrames::refusesAMessageTwice()
{
    wire::MessageSigner signer(vectorKey);
    wire::ReplayGuard guard;
    QVERIFY(wire::parseZmq(vectorFrames(), signer, guard));
    const auto again = wire::parseZmq(vectorFrames(), signer, guard);
    QVERIFY(!again);
    QCOMPARE(static_cast<int>(again.error()), static_cast<int>(wire::ZmqError::DuplicateSignature));
    guard.clear();
    QVERIFY(wire::parseZmq(vectorFrames(), signer, guard));
}

void TestZmqFrames::guardForgetsTheOldest()
{
    wire::MessageSigner signer(vectorKey);
    wire::ReplayGuard guard;
    const auto signature = [&](int number) {
        const std::string text = std::to_string(number);
        const std::array<std::string_view, 1> parts = {text};
        return signer.sign(parts);
    };
    constexpr int count = 200000;
    for (int i = 0; i < count; ++i) {
        QVERIFY(guard.admit(signature(i)));
    }
    for (int i = count - 65536; i < count; i += 1000) {
        QVERIFY(!guard.admit(signature(i)));
    }
    QVERIFY(guard.admit(signature(0)));
}

void TestZmqFrames::emptyKeyMeansUnsigned()
{
    wire::MessageSigner signer({});
    wire::ReplayGuard guard;
    const std::vector<std::string_view> frames = {
        wire::zmqDelimiter, "", vectorHeader, "{}", "{}", "{}"};
    QVERIFY(wire::parseZmq(frames, signer, guard));
    QVERIFY(wire::parseZmq(frames, signer, guard));
    const std::vector<std::string_view> broken = {wire::zmqDelimiter, "", "[]", "{}", "{}", "{}"};
    const auto refused = wire::parseZmq(broken, signer, guard);
    QVERIFY(!refused);
    QCOMPARE(static_cast<int>(refused.error()), static_cast<int>(wire::ZmqError::BadJson));
}

void TestZmqFrames::idsAreUnique()
{
    std::set<std::string> ids;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = wire::newUuid();
        QCOMPARE(id.size(), std::size_t(36));
        QCOMPARE(id[14], '4');
        ids.insert(id);
    }
    QCOMPARE(ids.size(), std::size_t(1000));
    QCOMPARE(wire::newConnectionKey().size(), std::size_t(64));
    QCOMPARE(wire::isoNow().size(), std::size_t(27));
}

QTEST_APPLESS_MAIN(TestZmqFrames)
#include "tst_zmqframes.moc"
