#include "backend/terminals/terminalservice.h"

#include <QDir>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace farcell;

namespace {

// Everything a terminal shows.
class Screen
{
public:
    explicit Screen(Terminal &terminal)
    {
        QObject::connect(&terminal, &Terminal::outputReceived, &m_context,
                         [this](const QString &text) { m_text += text; });
    }
    [[nodiscard]] const QString &text() const { return m_text; }

private:
    QObject m_context;
    QString m_text;
};

} // namespace

// Real shells on real pseudo-terminals.
class TestTerminals : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void names();
    void shellAnswersAndIsReplayed();
    void smallestReaderDecidesTheSize();
    void blockedReaderHoldsTheShell();
    void splitCharacters();
    void endsByItself();
    void endsWhenRemoved();
    void hasALimit();
};

void TestTerminals::initTestCase()
{
    qputenv("SHELL", "/bin/sh");
    qputenv("PS1", "$ ");
}

void TestTerminals::names()
{
    TerminalService service(QDir::tempPath());

    QCOMPARE((*service.create({}, {}))->name(), QStringLiteral("1"));
    QCOMPARE((*service.create({}, {}))->name(), QStringLiteral("2"));
    QCOMPARE((*service.create(QStringLiteral("mine"), {}))->name(), QStringLiteral("mine"));
    QCOMPARE(service.create(QStringLiteral("mine"), {}).error().code, ErrorCode::Exists);
    QCOMPARE(service.create(QStringLiteral("a/b"), {}).error().code, ErrorCode::InvalidData);
    QVERIFY(service.remove(QStringLiteral("1")));
    QCOMPARE((*service.create({}, {}))->name(), QStringLiteral("1"));
    QCOMPARE(service.remove(QStringLiteral("9")).error().code, ErrorCode::NotFound);
}

void TestTerminals::shellAnswersAndIsReplayed()
{
    const QTemporaryDir folder;
    TerminalService service(QDir::tempPath());
    Terminal *terminal = *service.create({}, folder.path());
    const Screen screen(*terminal);

    terminal->write("pwd; echo term=$TERM sum=$((20+22))\n");

    QTRY_VERIFY(screen.text().contains(u"term=xterm-256color sum=42"));
    QVERIFY(screen.text().contains(QDir(folder.path()).canonicalPath()));
    QVERIFY(terminal->replay().contains(u"sum=42"));
}

void TestTerminals::smallestReaderDecidesTheSize()
{
    TerminalService service(QDir::tempPath());
    Terminal *terminal = *service.create({}, {});
    const Screen screen(*terminal);
    const int first = 0;
    const int second = 0;

    terminal->setReaderSize(&first, {40, 120});
    terminal->setReaderSize(&second, {50, 100});
    terminal->setReaderSize(&second, {-1, 100000}); // nonsense is ignored
    terminal->write("stty size\n");
    QTRY_VERIFY(screen.text().contains(u"40 100"));
    terminal->removeReader(&second);
    terminal->write("stty size\n");
    QTRY_VERIFY(screen.text().contains(u"40 120"));
}

void TestTerminals::blockedReaderHoldsTheShell()
{
    TerminalService service(QDir::tempPath());
    Terminal *terminal = *service.create({}, {});
    const Screen screen(*terminal);
    const int reader = 0;
    terminal->setReaderBlocked(&reader, true);

    terminal->write("echo be''gin; head -c 3000000 /dev/zero | tr '\\0' x; echo e''nd\n");
    QTest::qWait(300);
    QVERIFY(!screen.text().contains(u"begin"));
    terminal->setReaderBlocked(&reader, false);

    QTRY_VERIFY_WITH_TIMEOUT(screen.text().contains(u"end"), 20000);
    QVERIFY(screen.text().count(u'x') >= 3000000);
    QVERIFY(terminal->replay().size() <= Terminal::maxReplayBytes + 65536);
}

void TestTerminals::splitCharacters()
{
    TerminalService service(QDir::tempPath());
    Terminal *terminal = *service.create({}, {});
    const Screen screen(*terminal);

    terminal->write("printf '<\\303'; sleep 0.2; printf '\\251>\\n'\n");

    QTRY_VERIFY(screen.text().contains(QStringLiteral("<é>")));
}

void TestTerminals::endsByItself()
{
    TerminalService service(QDir::tempPath());
    Terminal *terminal = *service.create({}, {});
    const QSignalSpy ended(terminal, &Terminal::ended);

    terminal->write("exit\n");

    QTRY_VERIFY(service.terminals().empty());
    QVERIFY(!ended.isEmpty());
}

void TestTerminals::endsWhenRemoved()
{
    TerminalService service(QDir::tempPath());
    Terminal *terminal = *service.create({}, {});
    const Screen screen(*terminal);
    const QSignalSpy ended(terminal, &Terminal::ended);
    terminal->write("trap '' HUP TERM; echo pid=$$.\n"); // a shell that will not go
    QTRY_VERIFY(screen.text().contains(QRegularExpression(QStringLiteral("pid=\\d+\\."))));
    const QString &text = screen.text();
    const qsizetype from = text.lastIndexOf(u"pid=") + 4;
    const QString pid = text.mid(from, text.indexOf(u'.', from) - from);

    QVERIFY(service.remove(terminal->name()));

    QCOMPARE(ended.size(), 1);
    QTRY_VERIFY(!QDir(QStringLiteral("/proc/") + pid).exists());
}

void TestTerminals::hasALimit()
{
    TerminalService service(QDir::tempPath());
    for (size_t i = 0; i < TerminalService::maxTerminals; ++i)
        QVERIFY(service.create({}, {}));

    QCOMPARE(service.create({}, {}).error().code, ErrorCode::Unavailable);
}

QTEST_GUILESS_MAIN(TestTerminals)
#include "tst_terminals.moc"
