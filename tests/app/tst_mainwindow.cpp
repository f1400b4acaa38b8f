#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/textpage.h"
#include "app/panels/filespanel.h"
#include "app/shell/commandregistry.h"
#include "core/notebook/notebookdocument.h"
#include "tests/support/farcelld.h"
#include "tests/support/windowfixture.h"

#include <QAbstractButton>
#include <QDir>
#include <QDropEvent>
#include <QMessageBox>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QTreeView>

namespace farcell {

using test::WindowFixture;

namespace {

QByteArray notebook(int count)
{
    QList<QByteArray> sources;
    for (int i = 0; i < count; ++i)
        sources.append("a = " + QByteArray::number(i) + "\nprint(a)");
    return WindowFixture::notebook(sources);
}

} // namespace

// The window with real files, and with a real farcelld as a runtime elsewhere. Offscreen.
class TestMainWindow : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup() { m_app.reset(); }
    void droppedFilesAreOpened();
    void aDroppedFolderIsShown();
    void aChangedTextIsNotSavedUnasked();
    void closingWaitsForASaveUnderWay_data();
    void closingWaitsForASaveUnderWay();
    void theQuestionGoesWhenItIsSaved();
    void tabsComeBackWhereTheyWere();
    void filesOfARuntimeAreEdited();

private:
    void drop(const QStringList &paths);
    [[nodiscard]] QString path(const char *name) const { return m_app->path(QLatin1String(name)); }
    [[nodiscard]] QStringList titles() const;
    [[nodiscard]] CellId cellId(int cell) const // of the notebook in front
    {
        return m_window->usableNotebook()->document().cellAt(cell).id;
    }

    std::unique_ptr<WindowFixture> m_app;
    MainWindow *m_window = nullptr;
};

void TestMainWindow::init()
{
    m_app = std::make_unique<WindowFixture>();
    m_window = &m_app->makeWindow();
}

void TestMainWindow::drop(const QStringList &paths)
{
    QMimeData data;
    QList<QUrl> urls;
    for (const QString &file : paths)
        urls.append(QUrl::fromLocalFile(file));
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(500, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(m_window, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent event(QPointF(500, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(m_window, &event);
}

QStringList TestMainWindow::titles() const
{
    QStringList list;
    const QList<Page *> pages = m_window->pages();
    for (const Page *page : pages)
        list.append(page->title());
    return list;
}

void TestMainWindow::droppedFilesAreOpened()
{
    WindowFixture::write(path("a.ipynb"), notebook(2));
    WindowFixture::write(path("b.txt"), "plain\n");

    drop({path("a.ipynb"), path("b.txt")});
    drop({path("a.ipynb")}); // open already: only shown

    QCOMPARE(titles(), (QStringList{QStringLiteral("a.ipynb"), QStringLiteral("b.txt")}));
    QTRY_VERIFY(m_window->usableNotebook());
    QCOMPARE(m_window->usableNotebook()->document().cellCount(), 2);
}

void TestMainWindow::aDroppedFolderIsShown()
{
    QDir().mkpath(path("folder"));
    WindowFixture::write(path("folder/in-here.ipynb"), notebook(1));

    drop({path("folder")});

    QVERIFY(titles().isEmpty());
    auto *files = m_window->findChild<FilesPanel *>();
    QTRY_VERIFY(files->isVisible());
    QAbstractItemModel *model = files->findChild<QTreeView *>()->model();
    QTRY_VERIFY(!model->match(model->index(0, 0), Qt::DisplayRole, QStringLiteral("in-here.ipynb"))
                     .isEmpty());
}

void TestMainWindow::aChangedTextIsNotSavedUnasked()
{
    WindowFixture::write(path("t.txt"), "as it was\n");
    m_window->openFile(path("t.txt"));
    m_window->currentPage()->findChild<QPlainTextEdit *>()->insertPlainText(QStringLiteral("new "));

    m_window->commands().trigger(QStringLiteral("file.close"));
    auto *box = m_window->findChild<QMessageBox *>();
    QVERIFY(box);
    box->button(QMessageBox::Cancel)->click();
    QCOMPARE(WindowFixture::read(path("t.txt")), QByteArray("as it was\n"));
    QCOMPARE(titles().size(), 1);

    QTRY_VERIFY(!m_window->findChild<QMessageBox *>());
    m_window->commands().trigger(QStringLiteral("file.close"));
    m_window->findChild<QMessageBox *>()->button(QMessageBox::Save)->click();
    QTRY_VERIFY(titles().isEmpty());
    QCOMPARE(WindowFixture::read(path("t.txt")), QByteArray("new as it was\n"));
}

void TestMainWindow::closingWaitsForASaveUnderWay_data()
{
    QTest::addColumn<bool>("edited");
    QTest::newRow("saved") << false;
    QTest::newRow("edited meanwhile") << true;
}

void TestMainWindow::closingWaitsForASaveUnderWay()
{
    QFETCH(bool, edited);
    WindowFixture::write(path("n.ipynb"), notebook(3));
    m_window->openFile(path("n.ipynb"));
    QTRY_VERIFY(m_window->usableNotebook());
    NotebookView *tab = m_window->usableNotebook();
    tab->document().setSource(cellId(1), QStringLiteral("a = 'mine'"));
    QSignalSpy quit(m_window, &MainWindow::quitRequested);

    tab->save();
    QVERIFY(tab->file().isSaving() && tab->isModified());
    if (edited)
        tab->document().setSource(cellId(2), QStringLiteral("b"));
    m_window->close();
    QVERIFY(!m_window->findChild<QMessageBox *>());
    if (edited) {
        QTRY_VERIFY(m_window->findChild<QMessageBox *>());
        QCOMPARE(quit.size(), 0);
        m_window->findChild<QMessageBox *>()->button(QMessageBox::Save)->click();
    }
    QTRY_COMPARE(quit.size(), 1);
    QVERIFY(WindowFixture::read(path("n.ipynb")).contains("a = 'mine'"));
    QCOMPARE(WindowFixture::read(path("n.ipynb")).contains("\"b\""), edited);
}

void TestMainWindow::theQuestionGoesWhenItIsSaved()
{
    WindowFixture::write(path("n.ipynb"), notebook(3));
    m_window->openFile(path("n.ipynb"));
    QTRY_VERIFY(m_window->usableNotebook());
    NotebookView *tab = m_window->usableNotebook();
    tab->document().setSource(cellId(1), QStringLiteral("a = 'mine'"));
    QSignalSpy quit(m_window, &MainWindow::quitRequested);
    m_window->close();
    QVERIFY(m_window->findChild<QMessageBox *>());
    QCOMPARE(quit.size(), 0);

    tab->save();

    QTRY_COMPARE(quit.size(), 1);
    QVERIFY(WindowFixture::read(path("n.ipynb")).contains("a = 'mine'"));
}

void TestMainWindow::tabsComeBackWhereTheyWere()
{
    WindowFixture::write(path("long.ipynb"), notebook(200));
    WindowFixture::write(path("other.ipynb"), notebook(3));
    m_window->restoreSession();
    m_window->openFile(path("other.ipynb"));
    m_window->openFile(path("long.ipynb"));
    QTRY_VERIFY(m_window->usableNotebook());
    CellListView *list = &m_window->usableNotebook()->list();
    list->setCurrentCell(cellId(150));
    list->finishLayout();
    list->verticalScrollBar()->setValue(list->verticalScrollBar()->value() - 33);
    list->finishLayout();
    const QRect before = list->cellRect(cellId(150));
    QVERIFY(!before.isNull());
    m_window->saveSession();

    m_window = &m_app->makeWindow();
    m_window->restoreSession();

    QCOMPARE(titles(), (QStringList{QStringLiteral("other.ipynb"), QStringLiteral("long.ipynb")}));
    QCOMPARE(m_window->currentPage()->title(), QStringLiteral("long.ipynb"));
    QTRY_VERIFY(m_window->usableNotebook());
    list = &m_window->usableNotebook()->list();
    QTRY_COMPARE(list->currentCell(), cellId(150));
    QTRY_COMPARE(list->cellRect(cellId(150)).top(), before.top());
}

// The Files panel's way: open on the server, edit, save over the contents API, notice a conflict.
void TestMainWindow::filesOfARuntimeAreEdited()
{
    test::Farcelld server;
    QVERIFY(server.start());
    const QString remote = server.root() + QStringLiteral("/n.ipynb");
    WindowFixture::write(remote, notebook(3));
    Runtime *runtime = m_app->connectTo(server.port());
    m_window->commands().trigger(QStringLiteral("view.files"));
    auto *view = m_window->findChild<FilesPanel *>()->findChild<QTreeView *>();
    QTRY_COMPARE(view->model()->rowCount(), 1);

    emit view->activated(view->model()->index(0, 0));
    emit view->activated(view->model()->index(0, 0)); // open already
    QTRY_VERIFY(m_window->usableNotebook());
    QCOMPARE(titles(), QStringList{QStringLiteral("n.ipynb")});
    NotebookView *tab = m_window->usableNotebook();
    QCOMPARE(tab->kernel().runtime(), runtime);

    tab->document().setSource(cellId(1), QStringLiteral("a = 'mine'"));
    tab->save();
    QTRY_VERIFY(!tab->isModified());
    QCOMPARE(WindowFixture::read(remote),
             notebook(3).replace("    \"a = 1\\n\",\n    \"print(a)\"\n", "    \"a = 'mine'\"\n"));

    const QByteArray theirs = WindowFixture::read(remote).replace("a = 2", "a = 'theirs'");
    WindowFixture::write(remote, theirs);
    tab->document().setSource(cellId(1), QStringLiteral("a = 'again'"));
    tab->save();
    QTRY_VERIFY(tab->infoBar().message().contains(QStringLiteral("changed by another program")));
    QCOMPARE(WindowFixture::read(remote), theirs);
    QVERIFY(tab->isModified());

    tab->file().acceptDiskVersion(); // "Keep mine"
    tab->save();
    QTRY_VERIFY(!tab->isModified());
    QVERIFY(WindowFixture::read(remote).contains("a = 'again'"));
    QVERIFY(!WindowFixture::read(remote).contains("theirs"));
}

} // namespace farcell

QTEST_MAIN(farcell::TestMainWindow)
#include "tst_mainwindow.moc"
