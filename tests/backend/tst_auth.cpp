#include "backend/auth/attemptlimiter.h"
#include "backend/auth/logincookie.h"
#include "backend/auth/originpolicy.h"
#include "backend/auth/secret.h"
#include "backend/http/requestgate.h"
#include "backend/http/router.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace farcell;
using namespace farcell::auth;
using namespace std::chrono_literals;

namespace {

const QByteArray host = "localhost:8888";

http::HttpRequest request(const QByteArray &method, const QByteArray &target,
                          std::initializer_list<std::pair<QByteArray, QByteArray>> headers)
{
    http::HttpRequest made;
    made.method = method;
    made.target = target;
    made.peer = QStringLiteral("127.0.0.1");
    made.headers.add("Host", host);
    for (const auto &[name, value] : headers)
        made.headers.add(name, value);
    return made;
}

http::Router makeRouter()
{
    http::Router router;
    const auto answer = [](const http::HttpRequest &) { return http::emptyResponse(200); };
    for (const char *method : {"GET", "POST"}) {
        router.addPlain(method, QStringLiteral("/api/thing"), answer);
        router.addPlain(method, QStringLiteral("/api"), answer, http::Access::Open);
    }
    router.addPlain("GET", QStringLiteral("/tree"), answer, http::Access::Page);
    return router;
}

} // namespace

// Who is let in: secrets, cookies, hosts, origins, and the gate that puts them together.
class TestAuth : public QObject
{
    Q_OBJECT

private slots:
    void secretsCompare();
    void tokenFile_data();
    void tokenFile();
    void tokenFileIsMadePrivate();
    void hosts_data();
    void hosts();
    void origins_data();
    void origins();
    void cookie();
    void wrongTokensAreSlowed();
    void gate_data();
    void gate();
    void rightTokenIsNeverSlowed();
};

void TestAuth::secretsCompare()
{
    QVERIFY(equalSecrets("abc", "abc"));
    QVERIFY(!equalSecrets("abc", "abd"));
    QVERIFY(!equalSecrets("abc", "ab"));
    QVERIFY(!equalSecrets("", "abc"));
}

void TestAuth::tokenFile_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("token"); // empty: refused

    QTest::newRow("plain") << QByteArray("abc") << QByteArray("abc");
    QTest::newRow("line end") << QByteArray("abc\n") << QByteArray("abc");
    QTest::newRow("white space around") << QByteArray("  abc\r\n\n") << QByteArray("abc");
    QTest::newRow("empty") << QByteArray("") << QByteArray();
    QTest::newRow("only white space") << QByteArray(" \n") << QByteArray();
}

void TestAuth::tokenFile()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, token);
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("token"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
    file.close();

    const auto secret = readSecret(path);

    QCOMPARE(secret.has_value(), !token.isEmpty());
    if (secret)
        QCOMPARE(*secret, token);
}

void TestAuth::tokenFileIsMadePrivate()
{
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("token"));

    const auto made = readOrCreateSecret(path);
    const auto again = readOrCreateSecret(path);

    QVERIFY(made && made->size() >= 32);
    QCOMPARE(*again, *made);
    QCOMPARE(QFile::permissions(path) & ~(QFile::ReadUser | QFile::WriteUser),
             QFile::ReadOwner | QFile::WriteOwner);
}

void TestAuth::hosts_data()
{
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<bool>("allowed");

    for (const char *good : {"localhost", "localhost:8888", "LOCALHOST", "localhost.", "127.0.0.1",
                             "127.0.0.1:80", "127.8.8.8", "[::1]", "[::1]:8888", "box.example:1"})
        QTest::newRow(good) << QByteArray(good) << true;
    for (const char *bad : {"evil.example", "localhost.evil.example", "evil.example:8888",
                            "10.0.0.1", "[2001:db8::1]", "localhost:x", "localhost:", "", ":80",
                            "[::1", "127.0.0.1.evil.example", "localhost:80:80"})
        QTest::newRow(*bad ? bad : "empty") << QByteArray(bad) << false;
}

void TestAuth::hosts()
{
    QFETCH(QByteArray, header);
    QFETCH(bool, allowed);

    QCOMPARE(OriginPolicy({"box.example"}, {}).hostAllowed(header), allowed);
}

void TestAuth::origins_data()
{
    QTest::addColumn<QByteArray>("origin");
    QTest::addColumn<bool>("allowed");

    QTest::newRow("same") << QByteArray("http://localhost:8888") << true;
    QTest::newRow("same over TLS") << QByteArray("https://localhost:8888") << true;
    QTest::newRow("listed") << QByteArray("https://app.example") << true;
    QTest::newRow("other port") << QByteArray("http://localhost:9999") << false;
    QTest::newRow("foreign") << QByteArray("https://evil.example") << false;
    QTest::newRow("opaque") << QByteArray("null") << false;
    QTest::newRow("listed as a prefix only") << QByteArray("https://app.example.evil") << false;
}

void TestAuth::origins()
{
    QFETCH(QByteArray, origin);
    QFETCH(bool, allowed);

    const OriginPolicy policy({"127.0.0.1"}, {"https://app.example"});

    QCOMPARE(policy.originAllowed(origin, host), allowed);
    QVERIFY(OriginPolicy({"127.0.0.1"}, {"*"}).originAllowed(origin, host));
}

void TestAuth::cookie()
{
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const LoginCookie cookie("key", "token");
    const QByteArray value = cookie.issue(now);

    QVERIFY(cookie.isValid(value, now));
    QVERIFY(!cookie.isValid(value, now.addDays(31)));
    QVERIFY(!cookie.isValid(QByteArray("9" + value), now)); // a later expiry with the old signature
    QVERIFY(!cookie.isValid("", now));
    QVERIFY(!cookie.isValid("x.y", now));
    QVERIFY(!LoginCookie("key", "new token").isValid(value, now));
    QVERIFY(!LoginCookie("other", "token").isValid(value, now));
    QCOMPARE(LoginCookie::name("127.0.0.1:8888"), QByteArray("username-127-0-0-1-8888"));
}

void TestAuth::wrongTokensAreSlowed()
{
    AttemptLimiter limiter;
    const AttemptLimiter::Clock::time_point start{1h};
    const QString peer = QStringLiteral("10.0.0.1");

    for (int i = 0; i < AttemptLimiter::freeAttempts; ++i)
        QCOMPARE(limiter.fail(peer, start).delay, 0ms);
    QVERIFY(limiter.fail(peer, start).delay > 0ms);
    for (int i = 0; i < AttemptLimiter::maxAttempts; ++i)
        (void)limiter.fail(peer, start);
    QVERIFY(limiter.fail(peer, start).tooMany);
    QVERIFY(!limiter.fail(QStringLiteral("10.0.0.2"), start).tooMany);
    QVERIFY(!limiter.fail(peer, start + 2min).tooMany);
    for (int i = 0; i < AttemptLimiter::maxPeers + 10; ++i) // bounded, and does not forget at once
        QVERIFY(!limiter.fail(QString::number(i), start + 3min).tooMany);
}

void TestAuth::gate_data()
{
    QTest::addColumn<http::HttpRequest>("asked");
    QTest::addColumn<int>("status"); // 200: let in

    const QByteArray login = LoginCookie::name(host) + '=' +
                             LoginCookie("key", "T").issue(QDateTime::currentDateTimeUtc());
    const QByteArray xsrf = "; _xsrf=secret";
    const QByteArray thing = "/api/thing";
    const QByteArray home = "http://" + host;
    const QByteArray evil = "http://evil.example";

    QTest::newRow("nothing shown") << request("GET", thing, {}) << 403;
    QTest::newRow("open route") << request("GET", "/api", {}) << 200;
    QTest::newRow("unknown path tells nothing") << request("GET", "/nothing", {}) << 403;
    QTest::newRow("unknown path, token") << request("GET", "/nothing?token=T", {}) << 404;
    QTest::newRow("token scheme") << request("GET", thing, {{"Authorization", "token T"}}) << 200;
    QTest::newRow("bearer scheme") << request("GET", thing, {{"Authorization", "Bearer T"}}) << 200;
    QTest::newRow("scheme in capitals")
        << request("GET", thing, {{"Authorization", "TOKEN T"}}) << 200;
    QTest::newRow("other scheme") << request("GET", thing, {{"Authorization", "Basic T"}}) << 403;
    QTest::newRow("query") << request("GET", thing + "?token=T", {}) << 200;
    QTest::newRow("wrong query") << request("GET", thing + "?token=t", {}) << 403;
    QTest::newRow("empty token") << request("GET", thing + "?token=", {}) << 403;
    QTest::newRow("token with more behind it") << request("GET", thing + "?token=TT", {}) << 403;
    QTest::newRow("token posts without XSRF")
        << request("POST", thing, {{"Authorization", "token T"}}) << 200;
    QTest::newRow("token from a foreign origin")
        << request("POST", thing, {{"Authorization", "token T"}, {"Origin", evil}}) << 200;
    QTest::newRow("cookie reads") << request("GET", thing, {{"Cookie", login}}) << 200;
    QTest::newRow("cookie of another port")
        << request("GET", thing, {{"Cookie", QByteArray(login).replace("8888", "9999")}}) << 403;
    QTest::newRow("cookie and wrong token")
        << request("GET", thing + "?token=x", {{"Cookie", login}}) << 403;
    QTest::newRow("cookie posts without XSRF")
        << request("POST", thing, {{"Cookie", login + xsrf}}) << 403;
    QTest::newRow("cookie posts with XSRF header")
        << request("POST", thing, {{"Cookie", login + xsrf}, {"X-XSRFToken", "secret"}}) << 200;
    QTest::newRow("cookie posts with XSRF argument")
        << request("POST", thing + "?_xsrf=secret", {{"Cookie", login + xsrf}}) << 200;
    QTest::newRow("cookie posts with wrong XSRF")
        << request("POST", thing, {{"Cookie", login + xsrf}, {"X-XSRFToken", "x"}}) << 403;
    QTest::newRow("XSRF header but no XSRF cookie")
        << request("POST", thing, {{"Cookie", login}, {"X-XSRFToken", "secret"}}) << 403;
    QTest::newRow("cookie from a foreign origin")
        << request("GET", thing, {{"Cookie", login}, {"Origin", evil}}) << 403;
    QTest::newRow("cookie from home")
        << request("GET", thing, {{"Cookie", login}, {"Origin", home}}) << 200;
    QTest::newRow("cookie from a foreign page")
        << request("GET", thing, {{"Cookie", login}, {"Referer", evil + "/x"}}) << 403;
    QTest::newRow("cookie across sites")
        << request("GET", thing, {{"Cookie", login}, {"Sec-Fetch-Site", "cross-site"}}) << 403;
    QTest::newRow("page sends to the log-in") << request("GET", "/tree", {}) << 302;
    QTest::newRow("page with a wrong token") << request("GET", "/tree?token=x", {}) << 403;
    QTest::newRow("page with the cookie") << request("GET", "/tree", {{"Cookie", login}}) << 200;
}

void TestAuth::gate()
{
    QFETCH(http::HttpRequest, asked);
    QFETCH(int, status);
    const http::Router router = makeRouter();
    http::RequestGate gate({"T", "key", OriginPolicy({"127.0.0.1"}, {})}, router);

    const http::Admission admission = gate.admit(asked);

    QCOMPARE(admission.refusal ? admission.refusal->status : 200, status);
}

void TestAuth::rightTokenIsNeverSlowed()
{
    const http::Router router = makeRouter();
    http::RequestGate gate({"T", "key", OriginPolicy({"127.0.0.1"}, {})}, router);
    int last = 0;
    for (int i = 0; i < 30; ++i) {
        auto wrong = request("GET", "/api/thing?token=x", {});
        last = gate.admit(wrong).refusal->status;
    }
    auto right = request("GET", "/api/thing?token=T", {});

    const http::Admission admission = gate.admit(right);

    QCOMPARE(last, 429);
    QVERIFY(!admission.refusal);
    QCOMPARE(admission.delay, 0ms);
}

QTEST_GUILESS_MAIN(TestAuth)
#include "tst_auth.moc"
