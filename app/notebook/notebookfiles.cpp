// The part of NotebookView that opens, saves and watches its file.

#include "app/notebook/findbar.h"
#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/notebookview.h"
#include "app/notebook/runtimehub.h"
#include "app/recovery/recoveryjournal.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"
#include "core/nbformat/convert.h"
#include "core/notebook/folds.h"
#include "core/notebook/notebookdocument.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QSaveFile>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace farcell {

void NotebookView::open(const DocumentFile::Place &place)
{
    if (!place.isLocal())
        m_kernel->setRuntime(place.runtime);
    m_file->load(place);
}

void NotebookView::startEmpty(const QString &name)
{
    m_name = name;
    documentLoaded();
    updateKernelPath();
    emit titleChanged();
}

void NotebookView::startCopy(const QString &name, NotebookContent content)
{
    m_document->setContent(std::move(content));
    startEmpty(name);
    m_document->markModified();
}

void NotebookView::restore(const RecoveredNotebook &found, const QString &recoveryFile)
{
    m_name = found.head.title;
    if (found.missingCells > 0)
        m_name = tr("%1 (recovered)").arg(QFileInfo(found.head.title).completeBaseName()) +
                 QStringLiteral(".ipynb");
    m_document->setContent(found.content);
    m_file->setPlace({found.missingCells > 0 ? QString() : found.head.originalPath, nullptr},
                     found.head.originalHash);
    documentLoaded();
    m_journal->replaces(recoveryFile);
    m_document->markModified();
    if (found.missingCells == 0) {
        m_info->showMessage(QStringLiteral("recovered"), InfoBar::Kind::Info,
                            tr("These are the unsaved changes from before the app ended."));
        return;
    }
    const QString file =
        found.head.originalPath.isEmpty() ? found.head.title : found.head.originalPath;
    m_info->showMessage(QStringLiteral("recovered"), InfoBar::Kind::Warning,
                        tr("These are the cells that were changed before the app ended. %n "
                           "unchanged cell(s) could not be brought back: %1 is gone or was changed "
                           "since.",
                           nullptr, found.missingCells)
                            .arg(file));
}

void NotebookView::documentLoaded()
{
    m_usable = true;
    delete m_errorPage;
    m_errorPage = nullptr;
    m_conflict = false;
    updateJournal();
    followWish();
    m_list->setKernelLanguage(m_document->language());
    m_stack->setCurrentIndex(1);
    if (m_list->currentCell().isEmpty() && m_document->cellCount() > 0)
        m_list->setCurrentCell(m_document->cellAt(0).id);
    if (m_document->isConvertedFromV3())
        m_info->showMessage(QStringLiteral("v3"), InfoBar::Kind::Info,
                            tr("This notebook is in the old format 3. It is shown as format 4, and "
                               "saving it will ask first."));
    if (isVisible())
        takeFocus();
    emit titleChanged();
    emit statusChanged();
}

void NotebookView::showError(const Error &error, const QByteArray &bytes)
{
    m_usable = false;
    delete m_errorPage;
    m_errorPage = new QWidget(this);
    const Theme &theme = m_workspace.theme.theme();

    auto *icon = new QLabel(m_errorPage);
    icon->setPixmap(
        m_workspace.theme.pixmap(QStringLiteral("error"), theme.danger, 32, devicePixelRatioF()));
    auto *heading = new QLabel(tr("This notebook cannot be opened"), m_errorPage);
    heading->setFont(theme.heading);
    auto *message = new QLabel(error.message, m_errorPage);
    message->setWordWrap(true);
    message->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *note = new QLabel(tr("The file was left as it is."), m_errorPage);
    note->setProperty("kind", QStringLiteral("muted"));

    auto *again = new QPushButton(tr("Try again"), m_errorPage);
    connect(again, &QPushButton::clicked, this, [this] { m_file->load(m_file->place()); });
    auto *buttons = new QHBoxLayout;
    if (!bytes.isEmpty()) {
        auto *asText = new QPushButton(tr("Show as text"), m_errorPage);
        asText->setProperty("kind", QStringLiteral("primary"));
        connect(asText, &QPushButton::clicked, this,
                [this, bytes] { emit openTextRequested(title(), QString::fromUtf8(bytes)); });
        buttons->addWidget(asText);
    }
    buttons->addWidget(again);
    buttons->addStretch();

    auto *column = new QVBoxLayout;
    column->setSpacing(12);
    column->addWidget(icon);
    column->addWidget(heading);
    column->addWidget(message);
    column->addWidget(note);
    column->addSpacing(8);
    column->addLayout(buttons);
    auto *box = new QWidget(m_errorPage);
    box->setMaximumWidth(640);
    box->setMinimumWidth(480);
    box->setLayout(column);
    auto *layout = new QVBoxLayout(m_errorPage);
    layout->addStretch(2);
    layout->addWidget(box, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    m_stack->addWidget(m_errorPage);
    m_stack->setCurrentWidget(m_errorPage);
    emit broken();
    emit titleChanged();
    emit statusChanged();
}

void NotebookView::updateJournal()
{
    const DocumentFile::Place &place = m_file->place();
    m_journal->setOrigin(place.isLocal() ? place.path : QString(), m_file->savedHash(), title());
}

QString NotebookView::localPath() const
{
    return m_file->place().isLocal() ? m_file->place().path : QString();
}

QByteArray NotebookView::localHash() const
{
    return m_file->place().isLocal() ? m_file->savedHash() : QByteArray();
}

void NotebookView::discardJournal()
{
    m_journal->discard();
}

void NotebookView::flushJournal()
{
    m_journal->flushNow();
}

void NotebookView::rename(const QString &fileName)
{
    DocumentFile::Place place = m_file->place();
    if (fileName.isEmpty() || fileName.contains(QLatin1Char('/')) || fileName == place.fileName())
        return;
    const QString old = place.path;
    const QString folder = old.section(QLatin1Char('/'), 0, -2);
    place.path =
        folder.isEmpty() && !place.isLocal() ? fileName : folder + QLatin1Char('/') + fileName;
    const auto refuse = [this](const QString &why) {
        m_info->showMessage(QStringLiteral("rename"), InfoBar::Kind::Error, why);
    };
    if (place.isLocal()) {
        if (QFile::exists(place.path) || !QFile::rename(old, place.path))
            refuse(tr("%1 cannot be renamed to %2.").arg(title(), fileName));
        else
            m_file->setPlace(place, m_file->savedHash());
        return;
    }
    RuntimeClient *client = place.runtime->client();
    if (!client)
        return;
    onFinished(client->renameFile(old, place.path), this,
               [this, place, refuse](const Result<ContentsEntry> &entry) {
                   if (entry)
                       m_file->setPlace(place, m_file->savedHash());
                   else
                       refuse(entry.error().message + QLatin1Char('.'));
               });
}

void NotebookView::exportScript(const QString &path)
{
    const Result<QByteArray> code =
        exportNotebook(m_document->content(), ExportFormat::Script, title());
    QString why = code ? QString() : code.error().message;
    if (code) {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(*code) != code->size() || !file.commit())
            why = file.errorString();
    }
    if (!why.isEmpty())
        m_info->showMessage(QStringLiteral("export"), InfoBar::Kind::Error,
                            tr("The code was not exported: %1.").arg(why));
}

void NotebookView::reload()
{
    m_conflict = false;
    m_file->load(m_file->place());
}

void NotebookView::askAboutDisk()
{
    m_conflict = true;
    const QString text =
        isModified() ? tr("%1 was changed by another program, and you have unsaved changes.")
                     : tr("%1 was changed by another program.");
    m_info->showMessage(QStringLiteral("save"), InfoBar::Kind::Warning, text.arg(title()),
                        {{tr("Reload"), [this] { reload(); }},
                         {tr("Keep mine"),
                          [this] {
                              m_conflict = false;
                              m_file->acceptDiskVersion();
                          }},
                         {tr("Save as…"), [this] { saveAs(); }}});
}

void NotebookView::saveFailed(const Error &error)
{
    emit saveCancelled();
    if (error.code == ErrorCode::Exists) {
        askAboutDisk();
        return;
    }
    m_info->showMessage(
        QStringLiteral("save"), InfoBar::Kind::Error,
        tr("%1 was not saved: %2.").arg(title(), error.message),
        {{tr("Try again"), [this] { save(); }}, {tr("Save as…"), [this] { saveAs(); }}});
}

void NotebookView::save()
{
    if (!m_usable)
        return;
    if (m_file->place().path.isEmpty()) {
        saveAs();
        return;
    }
    if (!m_document->isConvertedFromV3() || !isModified()) {
        m_file->save();
        return;
    }
    auto *box = new QMessageBox(QMessageBox::NoIcon, tr("Save as format 4"),
                                tr("%1 is in the old notebook format 3. Save it as format 4? "
                                   "Very old programs will not open it any more.")
                                    .arg(title()),
                                QMessageBox::Cancel, this);
    QPushButton *agree = box->addButton(tr("Save as format 4"), QMessageBox::AcceptRole);
    box->setDefaultButton(agree);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this, [this, agree](const QAbstractButton *clicked) {
        if (clicked != agree) {
            emit saveCancelled();
            return;
        }
        becomeV4();
        m_file->save();
    });
    box->open();
}

void NotebookView::becomeV4()
{
    if (!m_document->isConvertedFromV3())
        return;
    NotebookContent content = m_document->content();
    upgradeToV4(content);
    m_document->adoptFormat(content);
    m_info->hideMessage(QStringLiteral("v3"));
}

void NotebookView::saveAs()
{
    const DocumentFile::Place &place = m_file->place();
    const QString start = place.isLocal() && !place.path.isEmpty()
                              ? place.path
                              : QDir::homePath() + QLatin1Char('/') + title();
    auto *dialog = new QFileDialog(this, tr("Save notebook as"), start, tr("Notebooks (*.ipynb)"));
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("ipynb"));
    dialog->selectFile(start);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) {
        saveAs({path, nullptr});
    });
    connect(dialog, &QFileDialog::rejected, this, &NotebookView::saveCancelled);
    dialog->open();
}

void NotebookView::saveAs(const DocumentFile::Place &place)
{
    becomeV4(); // a new file: nothing old is replaced unasked
    m_file->saveTo(place);
}

void NotebookView::collapseSections(bool collapse)
{
    m_folds->setAllCollapsed(collapse);
}

void NotebookView::saveFolds()
{
    m_folds->saveLayout();
}

} // namespace farcell
