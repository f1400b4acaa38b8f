#include "core/client/codepoints.h"
#include "core/client/runtimeclient.h"

#include <QTest>

using namespace farcell;

class TestEndpoint : public QObject
{
    Q_OBJECT

private slots:
    void fromUserInput_data();
    void fromUserInput();
    void refusesWhatIsNoAddress_data();
    void refusesWhatIsNoAddress();
    void positions_data();
    void positions();
};

void TestEndpoint::fromUserInput_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("given"); // token in its own field
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("token");

    QTest::newRow("lab with token")
        << "http://host:8888/lab?token=abc" << QString() << "http://host:8888/"
        << "abc";
    QTest::newRow("tree below a base")
        << "https://hub/user/ann/tree/x.ipynb?token=a%2Bb" << QString() << "https://hub/user/ann/"
        << "a+b";
    QTest::newRow("no scheme") << "localhost:8888" << QString() << "http://localhost:8888/"
                               << "";
    QTest::newRow("line of Jupyter's log") << "   http://127.0.0.1:8888/?token=t :: /home/me\n"
                                           << QString() << "http://127.0.0.1:8888/"
                                           << "t";
    QTest::newRow("field wins") << "http://h/?token=url"
                                << " field "
                                << "http://h/"
                                << "field";
    QTest::newRow("IPv6") << "http://[::1]:8888/lab" << QString() << "http://[::1]:8888/"
                          << "";
    QTest::newRow("web socket") << "wss://h/base" << QString() << "https://h/base/"
                                << "";
    QTest::newRow("token in the fragment") << "http://h/#token=f" << QString() << "http://h/"
                                           << "f";
    QTest::newRow("password is dropped") << "http://u:p@h/" << QString() << "http://h/"
                                         << "";
}

void TestEndpoint::fromUserInput()
{
    QFETCH(QString, text);
    QFETCH(QString, given);
    QFETCH(QString, url);
    QFETCH(QString, token);

    const auto endpoint = Endpoint::fromUserInput(text, given);

    QVERIFY2(endpoint, endpoint ? "" : qPrintable(endpoint.error().message));
    QCOMPARE(endpoint->url.toString(), url);
    QCOMPARE(endpoint->token, token);
}

void TestEndpoint::refusesWhatIsNoAddress_data()
{
    QTest::addColumn<QString>("text");

    QTest::newRow("nothing") << "  ";
    QTest::newRow("another scheme") << "ftp://host/";
    QTest::newRow("no host") << "http:///lab";
    QTest::newRow("bad port") << "http://host:99999999/";
}

void TestEndpoint::refusesWhatIsNoAddress()
{
    QFETCH(QString, text);

    const auto endpoint = Endpoint::fromUserInput(text);

    QVERIFY(!endpoint);
    QCOMPARE(endpoint.error().code, ErrorCode::InvalidData);
}

void TestEndpoint::positions_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("utf16");
    QTest::addColumn<int>("points");

    QTest::newRow("start") << "abc" << 0 << 0;
    QTest::newRow("end") << "abc" << 3 << 3;
    QTest::newRow("after an emoji") << "a😀b" << 3 << 2;
    QTest::newRow("end with emoji") << "a😀b" << 4 << 3;
    QTest::newRow("lone surrogate counts as one")
        << QString(QChar(0xD800)) + QStringLiteral("b") << 2 << 2;
    QTest::newRow("combining marks are points of their own") << "e\u0301x" << 2 << 2;
}

void TestEndpoint::positions()
{
    QFETCH(QString, text);
    QFETCH(int, utf16);
    QFETCH(int, points);

    QCOMPARE(codePointPosition(text, utf16), points);
    QCOMPARE(utf16Position(text, points), utf16);
    QCOMPARE(utf16Position(text, 1000), int(text.size()));
    QCOMPARE(codePointPosition(text, -5), 0);
}

QTEST_GUILESS_MAIN(TestEndpoint)
#include "tst_endpoint.moc"
