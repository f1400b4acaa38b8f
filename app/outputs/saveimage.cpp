#include "app/outputs/saveimage.h"

#include <QApplication>
#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QSaveFile>

namespace farcell {

namespace {

QString text(const char *source)
{
    return QCoreApplication::translate("farcell::SaveImage", source);
}

void write(const QString &path, const QImage &image, const QByteArray &bytes, const QString &suffix)
{
    QSaveFile file(path);
    bool good = file.open(QIODevice::WriteOnly);
    const QString wanted = QFileInfo(path).suffix().toLower();
    if (good && (wanted == suffix || wanted.isEmpty()))
        good = file.write(bytes) == bytes.size();
    else if (good)
        good = image.save(&file, wanted.toLatin1().constData());
    if (good && file.commit())
        return;
    auto *box = new QMessageBox(QMessageBox::Warning, text("Save image"),
                                text("The image could not be saved: %1").arg(file.errorString()),
                                QMessageBox::Ok, QApplication::activeWindow());
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

} // namespace

void saveImage(const QImage &image, const QByteArray &bytes, const QString &suffix)
{
    auto *dialog = new QFileDialog(QApplication::activeWindow(), text("Save image"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(suffix);
    dialog->selectFile(QStringLiteral("output.") + suffix);
    QObject::connect(
        dialog, &QFileDialog::fileSelected, dialog,
        [image, bytes, suffix](const QString &path) { write(path, image, bytes, suffix); });
    dialog->open();
}

} // namespace farcell
