import type { MariadbNames } from "./schema.ts";

/**
 * Every change that is not a plain merge of fields, in one call and one transaction: `apply` of core, restated, with what needs more than the one record.
 *
 * A procedure because MariaDB has no statement that decides and writes in several tables, and a transaction held open from outside would keep its locks for several
 * round trips, or until a lost connection is noticed.
 *
 * Locks are taken in one order by everybody: the session, the slot of a kind, the slot of a subject, aliases by their hash, counters. READ COMMITTED: what is not
 * there is not locked. A procedure keeps the sql_mode under which it was made.
 *
 * Answers one row: a word, and the version or which alias was taken.
 */
export function commitProcedure({ commit, session, alias, live, slot }: MariadbNames): string {
  return `CREATE PROCEDURE ${commit}(
  IN p_id VARBINARY(255),
  IN p_expect TINYINT, -- 0 absent, 1 live, 2 the version
  IN p_version BIGINT,
  IN p_fence BIGINT,
  IN p_reaches_ended TINYINT,
  IN p_erase TINYINT,
  IN p_kind VARBINARY(4096),
  IN p_kind_slot SMALLINT,
  IN p_kind_limit BIGINT,
  IN p_sets_subject TINYINT,
  IN p_subject VARBINARY(4096),
  IN p_subject_slot SMALLINT,
  IN p_subject_limit BIGINT,
  IN p_sets_wake TINYINT,
  IN p_wake BIGINT,
  IN p_epoch BIGINT,
  IN p_ended BLOB,
  IN p_patterns LONGBLOB, -- one a line: fields to take away
  IN p_lines LONGBLOB, -- fields to add
  IN p_alias_hashes LONGBLOB, -- 33 bytes each, ascending: the hash, then + or -
  IN p_alias_pattern LONGBLOB,
  IN p_alias_lines LONGBLOB
) SQL SECURITY INVOKER MODIFIES SQL DATA
commit_change: BEGIN
  DECLARE v_version, v_epoch, v_count BIGINT;
  DECLARE v_kind_hash, v_hash BINARY(32);
  DECLARE v_subject VARBINARY(4096);
  DECLARE v_ended BLOB;
  DECLARE v_pattern LONGBLOB;
  DECLARE v_holder VARBINARY(255);
  DECLARE v_exists, v_was_live, v_is_live, v_joins, v_at, v_locked INT DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;

  IF p_expect = 0 THEN
    BEGIN
      DECLARE CONTINUE HANDLER FOR 1062 SET v_exists = 1;
      INSERT INTO ${session} (id, version, kind, subject, wake, epoch, ended, aliases, fields)
        VALUES (p_id, 1, p_kind, p_subject, p_wake, COALESCE(p_epoch, 0), p_ended, IF(p_ended IS NULL, p_alias_lines, ''), p_lines);
    END;
    IF v_exists THEN
      ROLLBACK; SELECT 'exists', 0; LEAVE commit_change;
    END IF;
    SET v_version = 1, v_kind_hash = UNHEX(SHA2(p_kind, 256)), v_is_live = p_ended IS NULL, v_joins = v_is_live AND p_subject IS NOT NULL;
  ELSE
    BEGIN
      DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_version = NULL;
      SELECT version, epoch, kind_hash, subject, ended INTO v_version, v_epoch, v_kind_hash, v_subject, v_ended
        FROM ${session} WHERE id = p_id FOR UPDATE;
    END;
    IF v_version IS NULL THEN
      ROLLBACK; SELECT 'missing', 0; LEAVE commit_change;
    ELSEIF v_ended IS NOT NULL AND NOT p_reaches_ended THEN
      ROLLBACK; SELECT 'ended', 0; LEAVE commit_change;
    ELSEIF p_expect = 2 AND v_version <> p_version THEN
      ROLLBACK; SELECT 'stale', 0; LEAVE commit_change;
    ELSEIF p_fence IS NOT NULL AND v_epoch <> p_fence THEN
      ROLLBACK; SELECT 'fenced', 0; LEAVE commit_change;
    END IF;
    SET v_was_live = v_ended IS NULL, v_is_live = v_was_live AND p_ended IS NULL AND NOT p_erase,
      v_joins = v_is_live AND p_subject IS NOT NULL AND NOT (p_subject <=> v_subject);
  END IF;

  -- Counted by SELECT INTO, which reads the newest snapshot without locks: in the condition of an IF the same query locks every row that it reads.
  -- One that gets a subject waits for whoever gets the same one, limit or not: a limit is judged on what nobody else is about to change.
  IF v_is_live AND p_kind_limit IS NOT NULL THEN
    SELECT slot INTO v_locked FROM ${slot} WHERE slot = p_kind_slot FOR UPDATE;
    SELECT COALESCE(SUM(live), 0) INTO v_count FROM ${live} WHERE kind_hash = v_kind_hash;
    IF v_count >= p_kind_limit THEN
      ROLLBACK; SELECT 'full of kind', 0; LEAVE commit_change;
    END IF;
  END IF;
  IF v_joins THEN
    SELECT slot INTO v_locked FROM ${slot} WHERE slot = p_subject_slot FOR UPDATE;
  END IF;
  IF v_joins AND p_subject_limit IS NOT NULL THEN
    SELECT COUNT(*) INTO v_count FROM ${session} WHERE subject_hash = UNHEX(SHA2(p_subject, 256)) AND id <> p_id;
    IF v_count >= p_subject_limit THEN
      ROLLBACK; SELECT 'full of subject', 0; LEAVE commit_change;
    END IF;
  END IF;

  IF v_was_live AND NOT v_is_live THEN
    DELETE FROM ${alias} WHERE session = p_id;
  ELSEIF v_is_live THEN
    WHILE v_at * 33 < LENGTH(p_alias_hashes) DO
      SET v_hash = SUBSTRING(p_alias_hashes, v_at * 33 + 1, 32);
      IF SUBSTRING(p_alias_hashes, v_at * 33 + 33, 1) = '-' THEN
        DELETE FROM ${alias} WHERE hash = v_hash AND session = p_id;
      ELSE
        INSERT INTO ${alias} (hash, session) VALUES (v_hash, p_id) ON DUPLICATE KEY UPDATE session = session;
        SELECT session INTO v_holder FROM ${alias} WHERE hash = v_hash FOR UPDATE;
        IF v_holder <> p_id THEN
          ROLLBACK; SELECT 'taken', v_at; LEAVE commit_change;
        END IF;
      END IF;
      SET v_at = v_at + 1;
    END WHILE;
  END IF;

  IF p_erase THEN
    DELETE FROM ${session} WHERE id = p_id;
  ELSEIF p_expect <> 0 THEN
    WHILE LOCATE('\\n', p_patterns) > 0 DO
      SET v_pattern = SUBSTRING_INDEX(p_patterns, '\\n', 1), p_patterns = SUBSTRING(p_patterns, LENGTH(v_pattern) + 2);
      UPDATE ${session} SET fields = REGEXP_REPLACE(fields, v_pattern, '') WHERE id = p_id;
    END WHILE;
    SET v_version = v_version + 1;
    UPDATE ${session} SET
      version = v_version,
      subject = IF(p_sets_subject, p_subject, subject),
      wake = CASE WHEN NOT p_sets_wake THEN wake WHEN p_expect = 2 OR p_ended IS NOT NULL THEN p_wake ELSE LEAST(COALESCE(wake, p_wake), COALESCE(p_wake, wake)) END,
      epoch = COALESCE(p_epoch, epoch),
      ended = COALESCE(p_ended, ended),
      aliases = CASE WHEN NOT v_is_live THEN '' WHEN p_alias_pattern IS NULL THEN aliases ELSE CONCAT(REGEXP_REPLACE(aliases, p_alias_pattern, ''), p_alias_lines) END,
      fields = IF(p_patterns IS NULL, fields, CONCAT(REGEXP_REPLACE(fields, p_patterns, ''), p_lines))
      WHERE id = p_id;
  END IF;

  IF v_is_live <> v_was_live THEN
    INSERT INTO ${live} (kind_hash, shard, live) VALUES (v_kind_hash, CONNECTION_ID() MOD 16, v_is_live - v_was_live)
      ON DUPLICATE KEY UPDATE live = live + VALUES(live);
  END IF;
  COMMIT;
  SELECT 'ok', v_version;
END`;
}
