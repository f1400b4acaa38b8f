// The part of MainWindow that prints.

#include "app/notebook/infobar.h"
#include "app/notebook/notebookprinter.h"
#include "app/shell/mainwindow.h"
#include "app/shell/statusbar.h"

#include <QDesktopServices>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QPageLayout>
#include <QPointer>
#include <QPrintDialog>
#include <QPrinter>

#include <cstdio>
#include <utility>

namespace farcell {

namespace {

constexpr qreal pageMargin = 16; // mm

std::unique_ptr<QPrinter> makePrinter(const QString &title)
{
    auto printer = std::make_unique<QPrinter>(QPrinter::HighResolution);
    printer->setDocName(title);
    printer->setCreator(QStringLiteral("Farcell"));
    printer->setPageMargins(QMarginsF(pageMargin, pageMargin, pageMargin, pageMargin),
                            QPageLayout::Millimeter);
    return printer;
}

} // namespace

void MainWindow::print()
{
    const NotebookView *notebook = usableNotebook();
    // The dialog keeps to the printer that it was made with.
    const auto printer =
        std::make_shared<std::unique_ptr<QPrinter>>(makePrinter(notebook->title()));
    auto *dialog = new QPrintDialog(printer->get(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setOptions(QAbstractPrintDialog::PrintToFile | QAbstractPrintDialog::PrintShowPageSize);
    connect(
        dialog, qOverload<QPrinter *>(&QPrintDialog::accepted), notebook,
        [this, printer, notebook](const QPrinter *) { print(*notebook, std::move(*printer), {}); });
    dialog->open();
}

void MainWindow::exportPdf()
{
    const NotebookView *notebook = usableNotebook();
    const QString folder = notebook->file().place().directory();
    auto *dialog =
        new QFileDialog(this, tr("Export as PDF"), folder.isEmpty() ? QDir::homePath() : folder);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("pdf"));
    dialog->setNameFilter(tr("PDF files (*.pdf)"));
    dialog->selectFile(QFileInfo(notebook->title()).completeBaseName() + QStringLiteral(".pdf"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::fileSelected, notebook,
            [this, notebook](const QString &path) { exportPdf(*notebook, path); });
    dialog->open();
}

void MainWindow::exportPdf(const NotebookView &notebook, const QString &path)
{
    std::unique_ptr<QPrinter> printer = makePrinter(notebook.title());
    printer->setOutputFormat(QPrinter::PdfFormat);
    printer->setOutputFileName(path + QStringLiteral(".part")); // an old one stays until then
    print(notebook, std::move(printer), path);
}

void MainWindow::print(const NotebookView &notebook, std::unique_ptr<QPrinter> printer,
                       const QString &path)
{
    auto *job = new NotebookPrinter(notebook.document(), notebook.title(),
                                    notebook.file().place().directory(), std::move(printer), this);
    connect(job, &NotebookPrinter::progressed, m_status, [this](int cells, int ofCells) {
        m_status->showHint(tr("Printing: %1 of %2 cells").arg(cells).arg(ofCells));
    });
    connect(job, &NotebookPrinter::finished, this,
            [this, job, path, notebook = QPointer(&notebook)](const QString &problem) {
                job->deleteLater();
                m_status->showHint({});
                const QString part = path + QStringLiteral(".part");
                QString why = problem;
                if (why.isEmpty() && !path.isEmpty() &&
                    std::rename(QFile::encodeName(part).constData(),
                                QFile::encodeName(path).constData()) != 0)
                    why = tr("%1 cannot be written").arg(path);
                if (!why.isEmpty() && !path.isEmpty())
                    QFile::remove(part);
                if (!notebook)
                    return;
                InfoBar &info = notebook->infoBar();
                if (!why.isEmpty()) {
                    info.showMessage(QStringLiteral("print"), InfoBar::Kind::Error,
                                     why + QLatin1Char('.'));
                } else if (!path.isEmpty()) {
                    info.showMessage(QStringLiteral("print"), InfoBar::Kind::Info,
                                     tr("Exported to %1, %n page(s).", nullptr, job->pages())
                                         .arg(QFileInfo(path).fileName()),
                                     {{tr("Open"), [path] {
                                           QDesktopServices::openUrl(QUrl::fromLocalFile(path));
                                       }}});
                }
            });
    job->start();
}

} // namespace farcell
