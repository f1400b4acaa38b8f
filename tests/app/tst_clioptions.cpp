#include "app/cli/cli.h"
#include "app/cli/clioptions.h"

#include <QTest>

using namespace farcell;

class TestCliOptions : public QObject
{
    Q_OBJECT

private slots:
    void run();
    void attach();
    void usage_data();
    void usage();
    void helpIsNoError();
    void commands();
};

void TestCliOptions::run()
{
    const auto parsed = parseCli(QStringLiteral("run in.ipynb -o out.ipynb --runtime http://h/ "
                                                "--token-file t --kernel ir --allow-errors "
                                                "--timeout 1.5")
                                     .split(u' '));

    const auto *const options = std::get_if<RunOptions>(&parsed);
    QVERIFY(options);
    QCOMPARE(options->input, QStringLiteral("in.ipynb"));
    QCOMPARE(options->output, QStringLiteral("out.ipynb"));
    QCOMPARE(options->runtime, QStringLiteral("http://h/"));
    QCOMPARE(options->tokenFile, QStringLiteral("t"));
    QCOMPARE(options->kernel, QStringLiteral("ir"));
    QVERIFY(options->allowErrors);
    QVERIFY(options->cellTimeout == std::chrono::milliseconds(1500));
}

void TestCliOptions::attach()
{
    const auto parsed = parseCli(
        QStringLiteral("attach http://h/ abc --since 7 --follow --fingerprint AB").split(u' '));

    const auto *const options = std::get_if<AttachOptions>(&parsed);
    QVERIFY(options);
    QCOMPARE(options->runtime, QStringLiteral("http://h/"));
    QCOMPARE(options->kernel, QStringLiteral("abc"));
    QCOMPARE(options->fingerprint, QStringLiteral("AB"));
    QCOMPARE(options->since, quint64(7));
    QVERIFY(options->keepFollowing);
}

void TestCliOptions::usage_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("said");

    QTest::newRow("no input") << "run"
                              << "No input file";
    QTest::newRow("two inputs") << "run a b -o c"
                                << "More than one input file";
    QTest::newRow("no output") << "run a"
                               << "No output file";
    QTest::newRow("unknown option") << "run a -o b --fast"
                                    << "Unknown option 'fast'";
    QTest::newRow("time-out is no number") << "run a -o b --timeout soon"
                                           << "number of seconds";
    QTest::newRow("time-out is zero") << "run a -o b --timeout 0"
                                      << "number of seconds";
    QTest::newRow("token without server") << "run a -o b --token-file t"
                                          << "needs --runtime";
    QTest::newRow("detached on this computer") << "run a --detach"
                                               << "--detach needs --runtime";
    QTest::newRow("detached into a file") << "run a --detach --runtime h -o b"
                                          << "-o does not go with it";
    QTest::newRow("attach to what") << "attach http://h/"
                                    << "Say the server's URL and the kernel";
    QTest::newRow("since a word") << "attach http://h/ k --since now"
                                  << "--since wants a whole number";
    QTest::newRow("no form") << "convert a -o b"
                             << "No form was given";
    QTest::newRow("unknown form") << "convert a -o b --to pdf"
                                  << "There is no form “pdf”";
    QTest::newRow("unknown command") << "walk"
                                     << "There is no command “walk”";
}

void TestCliOptions::usage()
{
    QFETCH(QString, line);
    QFETCH(QString, said);

    const auto parsed = parseCli(line.split(u' '));

    const auto *const error = std::get_if<UsageError>(&parsed);
    QVERIFY(error);
    QVERIFY2(error->text.contains(said), qPrintable(error->text));
    QVERIFY(error->text.contains(QLatin1String("Usage: farcell ")));
}

void TestCliOptions::helpIsNoError()
{
    for (const char *line : {"run --help", "convert -h"}) {
        const auto parsed = parseCli(QString::fromLatin1(line).split(u' '));
        const auto *const help = std::get_if<HelpText>(&parsed);
        QVERIFY(help);
        QVERIFY(help->text.contains(QLatin1String("--output <OUT>")));
    }
}

void TestCliOptions::commands()
{
    QVERIFY(isCliCommand(QStringLiteral("run")));
    QVERIFY(isCliCommand(QStringLiteral("convert")));
    QVERIFY(isCliCommand(QStringLiteral("attach")));
    QVERIFY(!isCliCommand(QStringLiteral("run.ipynb")));
}

QTEST_GUILESS_MAIN(TestCliOptions)
#include "tst_clioptions.moc"
