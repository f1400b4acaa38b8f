// The part of MainWindow that opens what files, links and dropped things lead to.

#include "app/notebook/outputpage.h"
#include "app/notebook/runtimehub.h"
#include "app/notebook/settings.h"
#include "app/notebook/textpage.h"
#include "app/shell/mainwindow.h"
#include "app/shell/statusbar.h"
#include "app/shell/tabstrip.h"
#include "core/base/onfinished.h"

#include <QCoreApplication>
#include <QDesktopServices>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QFuture>
#include <QMimeData>

#include <algorithm>

namespace farcell {

namespace {

constexpr qint64 maxTextBytes = 20'000'000;

bool isNotebook(const QString &path)
{
    return path.endsWith(QStringLiteral(".ipynb"), Qt::CaseInsensitive);
}

} // namespace

void MainWindow::openFile(const QString &path)
{
    const QFileInfo info(path);
    const QString absolute = info.absoluteFilePath();
    const QList<Page *> open = pages();
    for (Page *page : open) {
        if (page->place() == absolute) {
            m_tabs->setCurrentIndex(m_tabs->indexOfPage(page));
            return;
        }
    }
    if (!info.isDir() && !isNotebook(path) && info.size() <= maxTextBytes) {
        QFile file(absolute);
        if (file.open(QIODevice::ReadOnly)) {
            openTextFile(absolute, nullptr, file.readAll());
            return;
        }
    }
    addNotebook()->open({absolute, nullptr});
}

void MainWindow::openOnRuntime(Runtime *runtime, const QString &path)
{
    if (runtime->isLocal()) {
        openFile(QLatin1Char('/') + path);
        return;
    }
    const QList<Page *> open = pages();
    for (Page *page : open) {
        const auto *notebook = qobject_cast<NotebookView *>(page);
        const auto *text = qobject_cast<TextPage *>(page);
        if ((notebook && notebook->file().place().runtime == runtime &&
             notebook->file().place().path == path) ||
            (text && text->runtime() == runtime && text->place() == path)) {
            m_tabs->setCurrentIndex(m_tabs->indexOfPage(page));
            return;
        }
    }
    if (isNotebook(path)) {
        addNotebook()->open({path, runtime});
        return;
    }
    onFinished(runtime->client()->readFile(path), this,
               [this, path, runtime = QPointer(runtime)](const Result<QByteArray> &bytes) {
                   if (bytes && bytes->size() <= maxTextBytes)
                       openTextFile(path, runtime, *bytes);
                   else
                       m_status->showHint(bytes ? tr("%1 is too large to show").arg(path)
                                                : bytes.error().message);
               });
}

void MainWindow::openTextFile(const QString &path, Runtime *runtime, const QByteArray &bytes)
{
    const QString text = QString::fromUtf8(bytes);
    auto *page = new TextPage(QFileInfo(path).fileName(), text, m_workspace.theme, this);
    // Editable only if saving would change nothing but what was edited.
    if (text.toUtf8() == bytes && !text.contains(QLatin1Char('\r')))
        page->setFile(path, runtime);
    connect(page, &TextPage::failed, this, [this, page](const Error &error) {
        m_status->showHint(error.message);
        pageNotSaved(page);
    });
    connect(page, &Page::modifiedChanged, this, [this, page] { pageSaved(page); });
    addPage(page);
}

void MainWindow::openText(const QString &title, const QString &text, const QString &wanted)
{
    auto *page = new OutputPage(title, text, m_workspace.theme, this);
    connect(page, &OutputPage::linkActivated, this, &MainWindow::openLink);
    page->find(wanted);
    addPage(page);
}

void MainWindow::newNotebook()
{
    ++m_untitled;
    addNotebook()->startEmpty(m_untitled == 1 ? tr("Untitled.ipynb")
                                              : tr("Untitled-%1.ipynb").arg(m_untitled));
    pageChanged();
}

void MainWindow::openWelcome()
{
    const QString name = QStringLiteral("welcome.ipynb");
    const QString program = QCoreApplication::applicationDirPath();
    const QStringList places{program + QStringLiteral("/../share/farcell/examples/"),
                             program + QStringLiteral("/../../../examples/"),
                             program + QStringLiteral("/../examples/")};
    for (const QString &place : places) {
        QFile source(place + name);
        if (!source.open(QIODevice::ReadOnly))
            continue;
        auto *notebook = addNotebook(); // a copy, so that the original stays as it is
        const Result<NotebookContent> content = readNotebook(source.readAll());
        if (content)
            notebook->startCopy(name, *content);
        pageChanged();
        return;
    }
    m_status->showHint(tr("The welcome notebook is not installed"));
}

void MainWindow::chooseFileToOpen()
{
    const Page *page = currentPage();
    const QString start = page && QFileInfo::exists(page->place()) ? QFileInfo(page->place()).path()
                                                                   : QDir::homePath();
    auto *dialog =
        new QFileDialog(this, tr("Open"), start, tr("Notebooks (*.ipynb);;All files (*)"));
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::filesSelected, this, [this](const QStringList &files) {
        for (const QString &file : files)
            openFile(file);
    });
    dialog->open();
}

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (std::any_of(urls.begin(), urls.end(), [](const QUrl &url) { return url.isLocalFile(); }))
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    for (const QUrl &url : urls) {
        if (!url.isLocalFile())
            continue;
        const QString path = url.toLocalFile();
        if (QFileInfo(path).isDir())
            showFolder(path);
        else
            openFile(path);
    }
    event->acceptProposedAction();
}

void MainWindow::openLink(const QUrl &url)
{
    // Only what a browser or a mail program opens; a file of a notebook must not start programs.
    const QString scheme = url.scheme();
    if (scheme == QStringLiteral("http") || scheme == QStringLiteral("https") ||
        scheme == QStringLiteral("mailto"))
        QDesktopServices::openUrl(url);
    else if ((url.isLocalFile() || scheme.isEmpty()) && isNotebook(url.path())) {
        const NotebookView *notebook = currentNotebook();
        const QDir base(notebook ? notebook->file().place().directory() : QString());
        openFile(url.isLocalFile() ? url.toLocalFile() : base.filePath(url.path()));
    }
}

} // namespace farcell
