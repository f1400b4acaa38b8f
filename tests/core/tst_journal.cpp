#include "core/journal/crc32c.h"
#include "core/journal/format.h"
#include "core/journal/journalreader.h"
#include "core/journal/journalwriter.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <array>

using namespace farcell;

namespace {

std::unique_ptr<JournalWriter> openWriter(const QString &directory, quint64 segmentBytes = 1 << 20,
                                          quint64 retainedBytes = 1 << 30)
{
    auto writer = JournalWriter::open({directory.toStdString(), segmentBytes, retainedBytes});
    return writer ? *std::move(writer) : nullptr;
}

std::string payloadOf(quint64 number)
{
    return "payload " + std::to_string(number) + std::string(number % 100, 'x');
}

void appendSome(JournalWriter &writer, int count)
{
    for (int i = 0; i < count; ++i) {
        writer.append(1, {payloadOf(writer.nextSequence())});
    }
}

} // namespace

// The journal on disk: what is written comes back, whatever happened to the end of it.
class TestJournal : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_directory = std::make_unique<QTemporaryDir>(); }
    void checksumMatchesTheStandard();
    void readsWhatWasWritten();
    void goesOnBehindTheLastNumber();
    void cutsATornRecordAtEveryByte();
    void stopsBeforeADamagedRecord();
    void startsNewSegments();
    void keepsOnlySoMuch();
    void readsFromAnyNumber();
    void readsNothingBeyondTheNumberAsked();
    void findsWhatFollowsALostSegment();
    void readsWhileItIsWritten();
    void writesLargePayloadsAtOnce();
    void survivesAnEmptyLastSegment();
    void givesNoNumberAgain_data();
    void givesNoNumberAgain();
    void filesArePrivate();

private:
    [[nodiscard]] QString path() const { return m_directory->filePath(QStringLiteral("journal")); }
    [[nodiscard]] QString lastSegment() const
    {
        const auto segments = journalformat::segmentsIn(path().toStdString());
        return QString::fromStdString(
            journalformat::segmentPath(path().toStdString(), segments.back()));
    }

    std::unique_ptr<QTemporaryDir> m_directory;
};

void TestJournal::checksumMatchesTheStandard()
{
    // RFC 3720, B.4.
    QCOMPARE(crc32c(std::string(32, '\0')), 0x8a9136aaU);
    QCOMPARE(crc32c(std::string(32, char(0xff))), 0x62a8ab43U);
    QCOMPARE(crc32c("123456789"), 0xe3069283U);
    QCOMPARE(crc32c("6789", crc32c("12345")), 0xe3069283U);
}

void TestJournal::readsWhatWasWritten()
{
    const auto writer = openWriter(path());
    QVERIFY(writer != nullptr);
    appendSome(*writer, 1000);
    QVERIFY(writer->flush());
    JournalReader reader(path().toStdString());
    for (quint64 number = 1; number <= 1000; ++number) {
        const auto record = reader.next();
        QVERIFY(record.has_value());
        QVERIFY(record->sequence == number);
        QVERIFY(record->payload == payloadOf(number));
        QCOMPARE(record->type, 1U);
        QVERIFY(record->timeMicros > 0);
    }
    QVERIFY(!reader.next());
    QVERIFY(reader.position().offset == writer->committed().offset);
}

void TestJournal::goesOnBehindTheLastNumber()
{
    appendSome(*openWriter(path()), 10);
    const auto writer = openWriter(path());
    QVERIFY(writer->nextSequence() == 11);
    appendSome(*writer, 5);
    QVERIFY(writer->flush());
    JournalReader reader(path().toStdString());
    quint64 count = 0;
    while (const auto record = reader.next()) {
        QVERIFY(record->sequence == ++count);
    }
    QVERIFY(count == 15);
}

void TestJournal::cutsATornRecordAtEveryByte()
{
    auto writer = openWriter(path());
    appendSome(*writer, 3);
    QVERIFY(writer->flush());
    const quint64 whole = writer->committed().offset;
    QFile floor(QString::fromStdString(journalformat::floorPath(path().toStdString())));
    QVERIFY(floor.open(QIODevice::ReadOnly));
    const QByteArray floorBefore = floor.readAll();
    floor.close();
    appendSome(*writer, 1);
    QVERIFY(writer->flush());
    const quint64 end = writer->committed().offset;
    writer.reset();
    QFile file(lastSegment());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    file.close();
    for (quint64 cut = whole; cut < end; ++cut) {
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write(bytes.left(static_cast<qsizetype>(cut)));
        file.close();
        QVERIFY(floor.open(QIODevice::WriteOnly)); // it was not written whole, so nobody knows it
        floor.write(floorBefore);
        floor.close();
        const auto reopened = openWriter(path());
        QVERIFY(reopened->nextSequence() == 4);
        QVERIFY(reopened->committed().offset == whole);
        QCOMPARE(quint64(file.size()), whole);
        reopened->append(1, {"after"});
        QVERIFY(reopened->flush());
        JournalReader reader(path().toStdString());
        reader.seek(4);
        const auto record = reader.next();
        QVERIFY(record && record->sequence == 4 && record->payload == "after");
    }
}

void TestJournal::stopsBeforeADamagedRecord()
{
    auto writer = openWriter(path());
    appendSome(*writer, 5);
    QVERIFY(writer->flush());
    const auto end = static_cast<qint64>(writer->committed().offset);
    writer.reset();
    QFile file(lastSegment());
    for (qint64 at = end - 1; at > end - 30; --at) {
        QVERIFY(file.open(QIODevice::ReadWrite));
        QByteArray bytes = file.readAll();
        bytes[static_cast<qsizetype>(at)] = char(bytes[static_cast<qsizetype>(at)] ^ 0x40);
        file.seek(0);
        file.write(bytes);
        file.close();
        JournalReader reader(path().toStdString());
        int count = 0;
        while (reader.next()) {
            ++count;
        }
        QVERIFY(count < 5);
        QVERIFY(file.open(QIODevice::ReadWrite));
        bytes[static_cast<qsizetype>(at)] = char(bytes[static_cast<qsizetype>(at)] ^ 0x40);
        file.write(bytes);
        file.close();
    }
}

void TestJournal::startsNewSegments()
{
    const auto writer = openWriter(path(), 10000);
    for (int i = 0; i < 100; ++i) {
        appendSome(*writer, 10);
        QVERIFY(writer->flush());
    }
    QVERIFY(journalformat::segmentsIn(path().toStdString()).size() > 3);
    JournalReader reader(path().toStdString());
    quint64 count = 0;
    while (const auto record = reader.next()) {
        QVERIFY(record->sequence == ++count);
        QVERIFY(record->payload == payloadOf(count));
    }
    QVERIFY(count == 1000);
}

void TestJournal::keepsOnlySoMuch()
{
    const auto writer = openWriter(path(), 10000, 50000);
    for (int i = 0; i < 500; ++i) {
        appendSome(*writer, 10);
        QVERIFY(writer->flush());
    }
    qint64 bytes = 0;
    const QFileInfoList files = QDir(path()).entryInfoList(QDir::Files);
    for (const QFileInfo &file : files) {
        bytes += file.size();
    }
    QVERIFY2(bytes < 70000, qPrintable(QString::number(bytes)));
    JournalReader reader(path().toStdString());
    reader.seek(1);
    const auto first = reader.next();
    QVERIFY(first && first->sequence > 1);
    quint64 last = first->sequence;
    while (const auto record = reader.next()) {
        QVERIFY(record->sequence == ++last);
    }
    QVERIFY(last == 5000);
}

void TestJournal::readsFromAnyNumber()
{
    const auto writer = openWriter(path(), 5000);
    for (int i = 0; i < 30; ++i) {
        appendSome(*writer, 10);
        QVERIFY(writer->flush());
    }
    JournalReader reader(path().toStdString());
    for (const quint64 wanted : {300, 1, 299, 57, 58, 2, 150}) {
        reader.seek(wanted);
        const auto record = reader.next();
        QVERIFY(record && record->sequence == wanted);
        const JournalPosition place = reader.position();
        const auto following = reader.next(wanted);
        QVERIFY(!following);
        JournalReader other(path().toStdString());
        other.seek(place);
        const auto next = other.next();
        QCOMPARE(next.has_value(), wanted < 300);
        QVERIFY(!next || next->sequence == wanted + 1);
    }
    reader.seek(301);
    QVERIFY(!reader.next());
}

void TestJournal::readsNothingBeyondTheNumberAsked()
{
    const auto writer = openWriter(path(), 1024, 4096);
    appendSome(*writer, 1);
    QVERIFY(writer->flush());
    JournalReader reader(path().toStdString());
    reader.seek(1);
    QVERIFY(reader.next());
    reader.rest(); // else it still has the file that is about to go
    for (int i = 0; i < 100; ++i) {
        appendSome(*writer, 5);
        QVERIFY(writer->flush());
    }
    const quint64 firstKept = journalformat::segmentsIn(path().toStdString()).front();
    QVERIFY(firstKept > 10);

    QVERIFY(!reader.next(firstKept - 1));
    const auto record = reader.next(firstKept);
    QVERIFY(record);
    QCOMPARE(record->sequence, firstKept);
}

void TestJournal::findsWhatFollowsALostSegment()
{
    const auto writer = openWriter(path(), 1024);
    for (int i = 0; i < 100; ++i) {
        appendSome(*writer, 5);
        QVERIFY(writer->flush());
    }
    const std::vector<std::uint64_t> segments = journalformat::segmentsIn(path().toStdString());
    QVERIFY(segments.size() > 3);
    QVERIFY(QFile::remove(
        QString::fromStdString(journalformat::segmentPath(path().toStdString(), segments[1]))));
    JournalReader reader(path().toStdString());

    reader.seek(segments[1] + 1);

    const auto record = reader.next();
    QVERIFY(record);
    QCOMPARE(record->sequence, segments[2]);
}

void TestJournal::readsWhileItIsWritten()
{
    const auto writer = openWriter(path(), 3000);
    JournalReader reader(path().toStdString());
    QVERIFY(!reader.next());
    for (quint64 number = 1; number <= 500; ++number) {
        appendSome(*writer, 1);
        QVERIFY(writer->flush());
        const auto record = reader.next(writer->committed().nextSequence - 1);
        QVERIFY(record && record->sequence == number);
        QVERIFY(!reader.next());
    }
}

void TestJournal::writesLargePayloadsAtOnce()
{
    const auto writer = openWriter(path(), 1 << 20);
    const std::string large(3 << 20, 'L');
    writer->append(1, {"small"});
    writer->append(2, {"head", large, "tail"});
    QCOMPARE(writer->pendingBytes(), std::size_t(0));
    writer->append(3, {"last"});
    QVERIFY(writer->flush());
    JournalReader reader(path().toStdString());
    QVERIFY(reader.next()->payload == "small");
    const auto record = reader.next();
    QVERIFY(record && record->sequence == 2 && record->payload == "head" + large + "tail");
    QVERIFY(reader.next()->payload == "last");
}

void TestJournal::survivesAnEmptyLastSegment()
{
    auto writer = openWriter(path());
    appendSome(*writer, 3);
    writer.reset();
    QFile empty(QString::fromStdString(journalformat::segmentPath(path().toStdString(), 4)));
    QVERIFY(empty.open(QIODevice::WriteOnly));
    empty.close();
    writer = openWriter(path());
    QVERIFY(writer != nullptr);
    QVERIFY(writer->nextSequence() == 4);
    appendSome(*writer, 1);
    QVERIFY(writer->flush());
    JournalReader reader(path().toStdString());
    reader.seek(3);
    QVERIFY(reader.next()->sequence == 3);
    QVERIFY(reader.next()->sequence == 4);
}

void TestJournal::givesNoNumberAgain_data()
{
    QTest::addColumn<qint64>("damageAt"); // -1: at the end of the file
    QTest::addColumn<QByteArray>("damage");
    QTest::addColumn<bool>("isCut");
    QTest::newRow("a byte in the middle") << qint64(2000) << QByteArray("\x55\xaa") << false;
    QTest::newRow("the segment's head") << qint64(0) << QByteArray("broken") << false;
    QTest::newRow("cut off in the middle") << qint64(2000) << QByteArray() << true;
    QTest::newRow("empty") << qint64(0) << QByteArray() << true;
    QTest::newRow("something behind the end") << qint64(-1) << QByteArray("more") << false;
}

void TestJournal::givesNoNumberAgain()
{
    QFETCH(qint64, damageAt);
    QFETCH(QByteArray, damage);
    QFETCH(bool, isCut);
    auto writer = openWriter(path());
    appendSome(*writer, 100);
    QVERIFY(writer->flush());
    writer.reset();
    QFile file(lastSegment());
    QVERIFY(file.open(QIODevice::ReadWrite));
    const qint64 at = damageAt < 0 ? file.size() : damageAt;
    QVERIFY(!isCut || file.resize(at));
    QVERIFY(file.seek(at));
    QCOMPARE(file.write(damage), qint64(damage.size()));
    file.close();

    writer = openWriter(path());
    QVERIFY(writer != nullptr);
    const quint64 next = writer->nextSequence();
    appendSome(*writer, 3);
    QVERIFY(writer->flush());
    writer.reset();
    writer = openWriter(path()); // what was written behind the damage is taken as it is

    QVERIFY(next == 101);
    QVERIFY(writer->nextSequence() == 104);
    JournalReader reader(path().toStdString());
    reader.seek(1);
    quint64 last = 0;
    while (const auto record = reader.next()) {
        QVERIFY(record->sequence > last && record->payload == payloadOf(record->sequence));
        last = record->sequence;
    }
    QVERIFY(last == 103);
}

void TestJournal::filesArePrivate()
{
    const auto writer = openWriter(path());
    const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
    QVERIFY(!(QFile::permissions(path()) & others));
    QVERIFY(!(QFile::permissions(lastSegment()) & others));
    const auto floor = QString::fromStdString(journalformat::floorPath(path().toStdString()));
    QVERIFY(!(QFile::permissions(floor) & others));
}

QTEST_APPLESS_MAIN(TestJournal)
#include "tst_journal.moc"
