// An output opened whole: a million lines shown, found and copied. Offscreen.
#include "app/notebook/largetextview.h"
#include "app/notebook/outputpage.h"
#include "app/theme/theme.h"

#include <QClipboard>
#include <QLabel>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <memory>

using namespace farcell;

namespace {

constexpr int patienceMs = 60000;

QString numberedLines(int count)
{
    QString text;
    for (int i = 0; i < count; ++i)
        text += QString::number(i) + u'\n';
    return text;
}

} // namespace

class TestOutputPage : public QObject
{
    Q_OBJECT

private slots:
    void showsOnlyWhatIsSeen();
    void findsAndGoesThere();
    void newSearchReplacesTheOld();
    void selectsAndCopies();
    void showsLinesAsATerminal();
    void closesWhileItReads();

private:
    std::unique_ptr<OutputPage> open(const QString &text);

    ThemeSource m_theme;
};

std::unique_ptr<OutputPage> TestOutputPage::open(const QString &text)
{
    auto page = std::make_unique<OutputPage>(QStringLiteral("Output"), text, m_theme);
    page->resize(900, 600);
    page->show();
    if (!QTest::qWaitFor([&page] { return !page->isReading(); }, patienceMs))
        return nullptr;
    QCoreApplication::processEvents();
    return page;
}

void TestOutputPage::showsOnlyWhatIsSeen()
{
    constexpr int count = 1'000'000;
    const auto page = open(numberedLines(count));
    QVERIFY(page);
    LargeTextView &view = page->view();

    QTRY_COMPARE(view.lines().count(), qint64{count});
    QVERIFY(view.textSeen().startsWith(QStringLiteral("0\n1\n2\n")));
    QVERIFY(view.textSeen().count(u'\n') < 100);
    QTest::keyClick(&view, Qt::Key_End);
    QVERIFY(view.textSeen().endsWith(QString::number(count - 1)));
    QCOMPARE(view.firstLine() + view.linesSeen(), qint64{count});
    QTest::keyClick(&view, Qt::Key_Home);
    QVERIFY(view.textSeen().startsWith(QStringLiteral("0\n")));
}

void TestOutputPage::findsAndGoesThere()
{
    const auto page = open(numberedLines(300'000));
    QVERIFY(page);
    LargeTextView &view = page->view();
    QTRY_VERIFY(view.lines().count() > 0);

    page->find(QStringLiteral("27182"));
    QTRY_VERIFY_WITH_TIMEOUT(!page->isSearching(), patienceMs);

    QTRY_VERIFY(view.textSeen().contains(QStringLiteral("\n27182\n")));
    const auto labels = page->findChildren<QLabel *>();
    QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel *label) {
        return label->text().contains(QStringLiteral("13")); // 27182, ?27182, 27182?: 1 + 2 + 10
    }));
    QTest::keyClick(page.get(), Qt::Key_Return);
    QTRY_VERIFY(view.textSeen().contains(QStringLiteral("\n127182\n")));
}

void TestOutputPage::newSearchReplacesTheOld()
{
    const auto page = open(numberedLines(300'000));
    QVERIFY(page);
    QTRY_VERIFY(page->view().lines().count() > 0);

    for (const char *const typed : {"2", "29", "299", "2999", "29999", "299998"})
        page->find(QLatin1String(typed));
    QTRY_VERIFY_WITH_TIMEOUT(!page->isSearching(), patienceMs);

    QTRY_VERIFY(page->view().textSeen().contains(QStringLiteral("\n299998\n")));
}

void TestOutputPage::selectsAndCopies()
{
    const auto page = open(QStringLiteral("first\nsecond\nthird\n"));
    QVERIFY(page);
    LargeTextView &view = page->view();
    QTRY_COMPARE(view.lines().count(), qint64{3});

    QTest::keySequence(&view, QKeySequence::SelectAll);
    QTest::keySequence(&view, QKeySequence::Copy);

    QCOMPARE(QGuiApplication::clipboard()->text().trimmed(),
             QStringLiteral("first\nsecond\nthird"));
    QTest::mouseDClick(view.viewport(), Qt::LeftButton, {}, {20, 20});
    QCOMPARE(view.selectedText(), QStringLiteral("first"));
}

void TestOutputPage::showsLinesAsATerminal()
{
    const auto page =
        open(QStringLiteral("\x1b[31mred\x1b[0m plain\n10%\r100%\nup\x1b[A\x1b[2K\n"));
    QVERIFY(page);
    LargeTextView &view = page->view();
    QTRY_COMPARE(view.lines().count(), qint64{3});

    QCOMPARE(view.textSeen(), QStringLiteral("red plain\n100%\nup"));
    page->find(QStringLiteral("plain"));
    QTRY_VERIFY_WITH_TIMEOUT(!page->isSearching(), patienceMs);
    QTest::keySequence(&view, QKeySequence::SelectAll);
    QCOMPARE(view.selectedText().trimmed(), QStringLiteral("red plain\n100%\nup"));
}

void TestOutputPage::closesWhileItReads()
{
    auto page =
        std::make_unique<OutputPage>(QStringLiteral("Output"), numberedLines(500'000), m_theme);
    page->find(QStringLiteral("7"));
    page.reset();
    QCoreApplication::processEvents();
}

QTEST_MAIN(TestOutputPage)
#include "tst_outputpage.moc"
